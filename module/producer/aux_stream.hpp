/* SPDX-License-Identifier: GPL-2.0 */
/* A file that reads an event of a producer, and has the AUX area that the producer fills. */
#pragma once

#include "producer/aux_filler.hpp"
#include "producer/output_stream.hpp"

namespace perfbuf
{

struct aux_output_shared : output_shared {
	aux_filler *filler;
};

/* The same as an output; and as it starts and stops, so does the filling. */
class aux_output : public output
{
public:
	aux_output(event &owner, const sample_writer *writer, u32 cpu,
		   aux_output_shared &shared) noexcept
		: output(owner, writer, cpu, shared), filler_(*shared.filler)
	{
	}

	void start(u64 left) noexcept
	{
		output::start(left);
		if (writer())
			filler_.begin();
	}

	u64 stop() noexcept
	{
		if (writer())
			filler_.end();
		return output::stop();
	}

private:
	aux_filler &filler_;
};

/*
 * The filler is a base, so that it is there before what refers to it. One is enough for all parts:
 * one of them runs at a time, or none of them writes.
 */
template <typename Follows>
class aux_stream final : private aux_filler, public output_stream<Follows, aux_output_shared>
{
	using aux_output_stream = output_stream<Follows, aux_output_shared>;

public:
	aux_stream(event &owner, typed_source &from, typed_event &of) noexcept
		: aux_filler(owner),
		  aux_output_stream(owner, from, of, static_cast<aux_filler *>(this))
	{
	}
	~aux_stream() override { this->quit(); }

	cxxrt::result<void> on_added(perfbuf_source &made) noexcept override
	{
		connect(made);
		if (made.aux->open)
			TRY(cxxrt::from_return(made.aux->open(&made, as_stream(this->owner()))));
		connected_ = true;
		return {};
	}

	void on_removed(perfbuf_source &made) noexcept override
	{
		if (std::exchange(connected_, false) && made.aux->close)
			made.aux->close(&made, as_stream(this->owner()));
	}

	/* At once, and not after a grace period: the next file may be waiting for it. */
	void closed() noexcept override
	{
		aux_output_stream::closed();
		this->from().detach(*this);
	}

	void stop_aux() noexcept override { this->on_its_cpus(restart_here); }

	void pause_aux(bool) noexcept override { settle(); }
	bool hold_aux(u64 &head) noexcept override { return hold(head); }
	void release_aux() noexcept override { aux_filler::release(); }

private:
	static void restart_here(void *stream) noexcept
	{
		aux_stream &self = *static_cast<aux_stream *>(static_cast<cpu_stream *>(stream));
		const aux_output *part = self.part_on(pb_this_cpu());

		if (part && part->runs())
			self.restart();
	}

	bool connected_ = false; /* under the source's mutex */
};

} // namespace perfbuf
