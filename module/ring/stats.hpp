/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The statistics page of a ring: struct perfbuf_ring_stats, in the accessors'
 * types. Readers map it read-only; the ring's writers count straight into it.
 */
#pragma once

#include "ring/loss.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/* Invariant: one CPU at a time writes the local<> members, from nested contexts. All CPUs read. */
struct ring_stats {
	u32 size = sizeof(perfbuf_ring_stats);
	u32 version = 0;
	cxxrt::shared<u64> records; /* by the outermost writer, and once by watch_stats() */
	cxxrt::shared<u64> bytes;
	loss_counts lost;
	cxxrt::local<u64> lost_reserved[8 - loss_causes];
	cxxrt::shared<u64> wakeups; /* also counted where a latency expires */
	cxxrt::local<u64> high_water;
	cxxrt::local<u64> nesting;
	cxxrt::local<u64> longest;
	cxxrt::local<u64> aux_bytes;
	cxxrt::local<u64> aux_truncated;
	cxxrt::local<u64> aux_nested;

	/* Sets @most to @value if @value is larger. A nested writer may do the same in between. */
	static void raise(cxxrt::local<u64> &most, u64 value) noexcept
	{
		u64 seen = most.read();

		while (seen < value && !most.try_cmpxchg(seen, value))
			;
	}
	/* The same, if another CPU may do so at the same time. */
	static void raise(cxxrt::shared<u64> &most, u64 value) noexcept
	{
		u64 seen = most.read_once();

		while (seen < value && !most.try_cmpxchg(seen, value))
			seen = most.read_once();
	}
};

static_assert(sizeof(ring_stats) == sizeof(perfbuf_ring_stats));
static_assert(offsetof(ring_stats, records) == offsetof(perfbuf_ring_stats, records));
static_assert(offsetof(ring_stats, lost) == offsetof(perfbuf_ring_stats, lost));
static_assert(offsetof(ring_stats, wakeups) == offsetof(perfbuf_ring_stats, wakeups));
static_assert(offsetof(ring_stats, longest) == offsetof(perfbuf_ring_stats, longest));
static_assert(offsetof(ring_stats, aux_nested) == offsetof(perfbuf_ring_stats, aux_nested));

} // namespace perfbuf
