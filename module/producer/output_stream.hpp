/* SPDX-License-Identifier: GPL-2.0 */
/* A file that listens to an event of a producer. */
#pragma once

#include "device/cpu_stream.hpp"
#include "producer/source.hpp"

#include <cxxrt/platform.h>

namespace perfbuf
{

/* @Follows: on_one_cpu<output> or on_tasks<output>. */
template <typename Follows>
class output_stream final : private output_shared, public Follows, public output_file
{
public:
	/* @from stays as long as the file does. */
	output_stream(event &owner, typed_source &from, typed_event &of) noexcept
		: output_shared{of.all_listeners(), {}, {}},
		  Follows(owner, static_cast<output_shared &>(*this)), from_(from), of_(of)
	{
	}

	~output_stream() override
	{
		if (joined_)
			from_.leave(*this, of_);
		delete wanted.read_once();
	}

	cxxrt::result<void> open() noexcept
	{
		TRY(from_.join(*this, of_));
		joined_ = true;
		return Follows::open(static_cast<output_shared &>(*this));
	}

	event &owner() noexcept override { return this->owner_; }

	cxxrt::result<void> set_filter(const char *text) noexcept override
	{
		const filter *made = TRY(from_.parse_filter(of_, text)).release();
		const filter *old = wanted.exchange(made);

		/* Emissions have interrupts off. */
		if (old)
			cxxrt_synchronize_rcu();
		delete old;
		return {};
	}

	bool has_missed() const noexcept override
	{
		return missed.read_once() || Follows::has_missed();
	}

	void count_missed() noexcept override
	{
		for (u64 left = missed.exchange(0); left; left--)
			this->owner_.count_loss(loss_cause::recursion);
		Follows::count_missed();
	}

private:
	typed_source &from_;
	typed_event &of_;
	bool joined_ = false;
};

} // namespace perfbuf
