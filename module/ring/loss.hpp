/* SPDX-License-Identifier: GPL-2.0 */
/* Why a record was not written, and how many were not. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>
#include <cxxrt/result.hpp>

#include <linux/perfbuf.h>

namespace perfbuf
{

/* include/uapi/linux/perfbuf.h describes each. */
enum class loss_cause : u32 {
	full = PERFBUF_LOST_FULL,
	paused = PERFBUF_LOST_PAUSED,
	too_big = PERFBUF_LOST_TOO_BIG,
	recursion = PERFBUF_LOST_RECURSION,
	no_ring = PERFBUF_LOST_NO_RING,
	context = PERFBUF_LOST_CONTEXT,
};

inline constexpr u32 loss_causes = PERFBUF_LOST_CAUSES;

/* The cause that belongs to an errno of perf_buffer::begin(). */
inline loss_cause loss_cause_of(cxxrt::error why) noexcept
{
	switch (why.code()) {
	case EAGAIN:
		return loss_cause::paused;
	case E2BIG:
		return loss_cause::too_big;
	}
	return loss_cause::full;
}

/*
 * Counts by cause, in records. Invariant: written on one CPU at a time (the ring's, or under
 * the event's own rule), read anywhere.
 */
class loss_counts
{
public:
	void count(loss_cause cause, u32 records = 1) noexcept
	{
		by_cause_[static_cast<u32>(cause)].add(records);
	}
	u64 read(loss_cause cause) const noexcept
	{
		return by_cause_[static_cast<u32>(cause)].read();
	}

	u64 total() const noexcept
	{
		u64 sum = 0;

		for (const cxxrt::local<u64> &count : by_cause_)
			sum += count.read();
		return sum;
	}

private:
	cxxrt::local<u64> by_cause_[loss_causes];
};

} // namespace perfbuf
