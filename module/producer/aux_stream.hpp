/* SPDX-License-Identifier: GPL-2.0 */
/* A file that listens to an event of a producer, and has the AUX area that the producer fills. */
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
		filler_.begin();
	}

	u64 stop() noexcept
	{
		filler_.end();
		return output::stop();
	}

private:
	aux_filler &filler_;
};

using aux_output_stream = output_stream<on_one_cpu<aux_output>, aux_output_shared>;

/* The filler is a base, so that it is there before what refers to it. */
class aux_stream final : private aux_filler, public aux_output_stream
{
public:
	aux_stream(event &owner, typed_source &from, typed_event &of) noexcept
		: aux_filler(owner),
		  aux_output_stream(owner, from, of, static_cast<aux_filler *>(this))
	{
	}
	~aux_stream() override { quit(); }

	cxxrt::result<void> joined(perfbuf_source &made) noexcept override
	{
		connect(made);
		if (made.aux->open)
			TRY(cxxrt::from_return(made.aux->open(&made, as_stream(owner()))));
		connected_ = true;
		return {};
	}

	void left(perfbuf_source &made) noexcept override
	{
		if (std::exchange(connected_, false) && made.aux->close)
			made.aux->close(&made, as_stream(owner()));
	}

	/* At once, and not after a grace period: the next file may be waiting for it. */
	void closed() noexcept override { from().part(*this); }

	void stop_aux() noexcept override
	{
		pb_call_on_cpu(owner().cpu(), restart_here, static_cast<aux_filler *>(this));
	}

	void pause_aux(bool) noexcept override { settle(); }
	u64 hold_aux(u64 published) noexcept override { return hold(published); }
	void release_aux() noexcept override { aux_filler::release(); }

private:
	static void restart_here(void *filler) noexcept
	{
		static_cast<aux_filler *>(filler)->restart();
	}

	bool connected_ = false; /* under the source's mutex */
};

} // namespace perfbuf
