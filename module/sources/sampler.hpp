/* SPDX-License-Identifier: GPL-2.0 */
/* What a clock event is on one CPU: a timer that samples, and the time it counts. */
#pragma once

#include "device/run_time.hpp"
#include "device/sample.hpp"
#include "ring/recursion.hpp"

namespace perfbuf
{

/*
 * A part of a cpu_stream. Invariants: but for count(), it is touched on its CPU only, with
 * interrupts off; so nothing is inside expired() when somebody else is inside anything. The timer
 * is pending just while it runs, unless the event has no period.
 */
class sampler
{
public:
	/* @writer: nullptr: it counts and does not sample. */
	sampler(event &owner, const sample_writer *writer, u32 cpu) noexcept;
	/* Not running. Process context. */
	~sampler();
	sampler(const sampler &) = delete;
	sampler &operator=(const sampler &) = delete;

	/* @left: ns until the first sample; 0: a whole period. Nothing if it runs already. */
	void start(u64 left) noexcept;
	bool runs() const noexcept { return ran_.runs(); }
	/* It runs. ns that were left to the next sample; 0 if no timer was pending. */
	u64 stop() noexcept;

	/* ns that it has run. Any CPU and context. */
	u64 count() const noexcept { return ran_.ns(); }
	u64 running_ns() const noexcept { return count(); }

	/* The timer's function; see perfbuf_timer_expired(). */
	u64 expired(const pb_regs *interrupted, u64 ip, u32 mode, u32 cpu) noexcept;
	static sampler &of_timer(void *timer) noexcept
	{
		return *CXXRT_CONTAINER_OF(timer, sampler, timer_);
	}

private:
	u64 period() const noexcept;

	cxxrt::opaque<PB_SIZEOF_TIMER> timer_;
	event *const owner_;
	const sample_writer *const writer_;
	const u32 cpu_;
	const u32 excluded_; /* enum pb_mode */
	recursion_contexts busy_;
	run_time ran_;
};

} // namespace perfbuf
