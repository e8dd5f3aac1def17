/* SPDX-License-Identifier: GPL-2.0 */
/* PERFBUF_IOC_FENCE: a time before which every record is published. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/*
 * A fence interrupts every CPU and waits for the writers that it finds there. A time that a fence
 * returned stays valid, so requests share it for some milliseconds. Therefore the cost of fences
 * for other tasks does not grow with the number of requests.
 */
class fence
{
public:
	fence() noexcept;

	/*
	 * Returns a time of the clock @clockid, in ns, that is at most renewal_ns and one fence
	 * old: every record with a time before it is published, if its writer kept preemption off
	 * since it read the clock. @clockid: as in perf_event_attr; -1: perf's own clock. Process
	 * context, may sleep.
	 */
	u64 time(int clockid) noexcept;

private:
	static constexpr u64 renewal_ns = 10'000'000;
	/* CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, BOOTTIME, TAI. */
	static constexpr int clocks[] = {-1, 0, 1, 4, 7, 11};
	static constexpr u32 clock_count = sizeof(clocks) / sizeof(clocks[0]);

	bool is_recent() const noexcept;
	/* Stores new times. Under the mutex; sleeps. */
	void renew() noexcept;

	cxxrt::mutex mutex_;
	/* Every value that was ever stored is valid, so they are read without the mutex. */
	cxxrt::shared<u64> times_[clock_count];
	cxxrt::shared<u64> renewed_; /* ns of CLOCK_MONOTONIC; 0: never */
};

} // namespace perfbuf
