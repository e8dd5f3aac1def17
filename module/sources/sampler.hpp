/* SPDX-License-Identifier: GPL-2.0 */
/* A clock event on one CPU: a timer that writes samples, and the time that it counts. */
#pragma once

#include "device/run_time.hpp"
#include "device/sample.hpp"
#include "ring/recursion.hpp"

namespace perfbuf
{

/*
 * A part of a cpu_stream. Invariants: except for count(), only its own CPU uses it, with interrupts
 * off, so expired() never interrupts another of its functions. The timer is pending exactly while
 * the sampler runs, unless the event has no period.
 */
class sampler
{
public:
	/* @writer: nullptr: the event counts, and writes no samples. */
	sampler(event &owner, const sample_writer *writer, u32 cpu) noexcept;
	/* The sampler is stopped. Process context. */
	~sampler();
	sampler(const sampler &) = delete;
	sampler &operator=(const sampler &) = delete;

	/* Starts the timer. @left: ns until the first sample; 0: a whole period. Does nothing if
	 * the sampler runs. */
	void start(u64 left) noexcept;
	bool runs() const noexcept { return ran_.runs(); }
	/* Stops a sampler that runs. Returns ns until the next sample; 0 if no timer was pending.
	 */
	u64 stop() noexcept;

	/* ns for which it has run. Any CPU and context. */
	u64 count() const noexcept { return ran_.ns(); }
	u64 running_ns() const noexcept { return count(); }

	/* The timer's function, in hard irq. Returns ns until the next expiry; 0: none. See
	 * perfbuf_timer_expired() in glue/timer.h. */
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
