// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_POSITIONS and PERFBUF_IOC_COPY_RING: for readers that copy a ring while its writers
 * go on. */
#include "device/file.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>

#include <linux/perfbuf.h>

namespace perfbuf
{

static_assert(PERFBUF_POSITIONS_MARKS == perf_buffer::mark_count);

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::ref;
using cxxrt::result;

namespace
{

/* Of an event on @cpu. After the caller has copied data, or before. */
result<perfbuf_positions> positions_of(const perf_buffer &ring, s32 cpu) noexcept
{
	perfbuf_positions found = {};

	found.flags = (ring.overwrite() ? PERFBUF_POSITIONS_OVERWRITE : 0) |
		      (ring.backward() ? PERFBUF_POSITIONS_BACKWARD : 0);
	/* After the request to pause has returned, all stores are seen. */
	found.reserved = ring.paused() ? ring.reserved() : TRY(ring.reserved_after_copy(cpu));
	/* Pairs with publish_head(): the caller's loads that follow see what is published. */
	found.published = ring.published();
	for (u32 i = 0; ring.marks() && i < perf_buffer::mark_count; i++)
		found.marks[i] = cxxrt::read_once(ring.marks()[i]);
	return found;
}

/* The newest page first: what the writers overwrite meanwhile is the oldest. A backward ring's
 * newest record begins within the first page, whose rest is the oldest. */
result<void> copy_newest_first(const perf_buffer &ring, u64 published, u64 to) noexcept
{
	const u32 pages = ring.nr_pages();
	const u64 newest = (ring.backward() ? published : published - 1) >> page_shift;

	for (u64 done = 0; done < pages; done++) {
		const u64 at = ring.backward() ? newest + done : newest - done;
		const u32 page = static_cast<u32>(at & (pages - 1));

		TRY(from_return(pb_copy_to_user(to + (u64{page} << page_shift),
						ring.data().page(page), page_size)));
	}
	return {};
}

} // namespace

result<void> file::copy_positions(event &of, u64 to) noexcept
{
	const ref<perf_buffer> ring = ring_of(of);

	if (!ring)
		return error(EINVAL);

	const perfbuf_positions found = TRY(positions_of(*ring, of.cpu()));

	return from_return(pb_copy_to_user(to, &found, sizeof(found)));
}

result<void> file::copy_ring(event &of, u64 argument) noexcept
{
	perfbuf_ring_copy wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (wanted.flags || wanted.attr_size < PERF_ATTR_SIZE_VER0)
		return error(EINVAL);

	const ref<perf_buffer> ring = ring_of(of);

	if (!ring)
		return error(EINVAL);
	wanted.ring = ring->mapping().lock()->number;

	perf_event_attr attr = of.attr();
	const u64 space = wanted.bytes;

	wanted.attr_size = cxxrt::min(wanted.attr_size, static_cast<u32>(sizeof(attr)));
	attr.size = wanted.attr_size;
	TRY(from_return(pb_copy_to_user(wanted.attr, &attr, wanted.attr_size)));
	wanted.bytes = ring->size();
	wanted.written = ring->published();
	wanted.positions = {};
	wanted.positions.flags = ring->overwrite() ? PERFBUF_POSITIONS_OVERWRITE : 0;

	const bool fits = space >= wanted.bytes;

	if (ring->overwrite() && fits) {
		TRY(copy_newest_first(*ring, wanted.written, wanted.buffer));
		wanted.positions = TRY(positions_of(*ring, of.cpu()));
	}
	TRY(from_return(pb_copy_to_user(argument, &wanted, sizeof(wanted))));
	return ring->overwrite() && !fits ? result<void>(error(ENOSPC)) : result<void>();
}

} // namespace perfbuf
