/* SPDX-License-Identifier: GPL-2.0 */
/* A file that reads an event of a producer. */
#pragma once

#include "device/one_cpu_stream.hpp"
#include "producer/source.hpp"

#include <cxxrt/platform.h>

namespace perfbuf
{

/* @Follows: on_one_cpu<> or on_tasks<> of an output, which wants to know a @Shared. */
template <typename Follows, typename Shared = output_shared>
class output_stream : private Shared, public Follows, public output_file
{
public:
	/* @from outlives the file. */
	template <typename... More>
	output_stream(event &owner, typed_source &from, typed_event &of, More... more) noexcept
		: Shared{output_shared{of.all_cpus(),
				       {},
				       {},
				       of.fixed_bytes(),
				       owner.sees_addresses() || !of.pointers().count()
					       ? nullptr
					       : &of.pointers()},
			 more...},
		  Follows(owner, static_cast<Shared &>(*this)), from_(from), of_(of)
	{
	}

	~output_stream() override
	{
		quit();
		delete this->active_filter.read_once();
	}

	cxxrt::result<void> open() noexcept
	{
		TRY(from_.add_file(*this));
		joined_ = true;
		return Follows::open(static_cast<Shared &>(*this));
	}

	event &owner() noexcept override { return this->owner_; }
	typed_event &source_event() noexcept override { return of_; }
	void closed() noexcept override { from_.release_reader(*this); }

	cxxrt::result<void> set_filter(const char *text) noexcept override
	{
		const filter *made = TRY(from_.parse_filter(of_, text)).release();

		/* The fast path of a single reader evaluates no filter. */
		this->owner_.close_fast_path(event_mode::filtered);

		const filter *old = this->active_filter.exchange(made);

		/* Emissions have interrupts off. */
		if (old)
			cxxrt_synchronize_rcu();
		delete old;
		return {};
	}

	cxxrt::result<void> check_filter(const char *text,
					 perfbuf_filter_check &out) noexcept override
	{
		const auto parsed = from_.parse_filter(of_, text, &out);

		/* An error that is not about the text. */
		if (!parsed && !out.reason)
			return parsed.error();
		out.error = parsed ? 0 : static_cast<u32>(parsed.error().code());
		return {};
	}

	bool has_missed() const noexcept override
	{
		return this->missed.read_once() || Follows::has_missed();
	}

	void count_missed() noexcept override
	{
		for (u64 left = this->missed.exchange(0); left; left--)
			this->owner_.count_loss(loss_cause::recursion);
		Follows::count_missed();
	}

protected:
	typed_source &from() const noexcept { return from_; }
	/* Leaves the source, once. A derived class calls it in its destructor, if its left() uses
	 * members of that class. */
	void quit() noexcept
	{
		if (std::exchange(joined_, false))
			from_.remove_file(*this);
	}

private:
	typed_source &from_;
	typed_event &of_;
	bool joined_ = false;
};

} // namespace perfbuf
