// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_POSITIONS: for readers that copy a ring while its writers go on. */
#include "device/file.hpp"
#include "glue/glue.h"

#include <linux/perfbuf.h>

namespace perfbuf
{

static_assert(PERFBUF_POSITIONS_MARKS == perf_buffer::mark_count);

cxxrt::result<void> file::copy_positions(event &of, u64 to) noexcept
{
	const cxxrt::ref<perf_buffer> ring = ring_of(of);
	perfbuf_positions found = {};

	if (!ring)
		return cxxrt::error(EINVAL);
	found.flags = (ring->overwrite() ? PERFBUF_POSITIONS_OVERWRITE : 0) |
		      (ring->backward() ? PERFBUF_POSITIONS_BACKWARD : 0);
	/* After the request to pause has returned, all stores are seen. */
	found.reserved =
		ring->paused() ? ring->reserved() : TRY(ring->reserved_after_copy(of.cpu()));
	/* Pairs with publish_head(): the caller's loads that follow see what is published. */
	found.published = ring->published();
	for (u32 i = 0; ring->marks() && i < perf_buffer::mark_count; i++)
		found.marks[i] = cxxrt::read_once(ring->marks()[i]);
	return cxxrt::from_return(pb_copy_to_user(to, &found, sizeof(found)));
}

} // namespace perfbuf
