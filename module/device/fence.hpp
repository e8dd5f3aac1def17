/* SPDX-License-Identifier: GPL-2.0 */
/* PERFBUF_IOC_FENCE: a time before which every record is published. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/*
 * A fence interrupts every CPU and waits for the writers that it finds. A time that a fence
 * returned stays true, so requests share it for some milliseconds: what fences cost other tasks
 * does not depend on how many requests there are, nor on who makes them.
 */
class fence
{
public:
	fence() noexcept;

	/*
	 * A time of that clock, in ns, at most renewal_ns and one fence old: every record with a
	 * time before it is published, if its writer kept preemption off from its reading of the
	 * clock on.
	 * @clockid as perf_event_attr has it; -1: perf's own clock. Process context, may sleep.
	 */
	u64 time(int clockid) noexcept;

private:
	static constexpr u64 renewal_ns = 10'000'000;
	/* CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, BOOTTIME, TAI. */
	static constexpr int clocks[] = {-1, 0, 1, 4, 7, 11};
	static constexpr u32 clock_count = sizeof(clocks) / sizeof(clocks[0]);

	bool is_recent() const noexcept;
	/* Under the mutex. */
	void renew() noexcept;

	cxxrt::mutex mutex_;
	/* Any value that was ever stored is a right answer, so they are read without the mutex. */
	cxxrt::shared<u64> times_[clock_count];
	cxxrt::shared<u64> renewed_; /* ns of CLOCK_MONOTONIC; 0: never */
};

} // namespace perfbuf
