/* SPDX-License-Identifier: GPL-2.0 */
/* The device layer's counts of a ring's mappings, which are stored in the ring. */
#pragma once

#include "ring/pages.h"

namespace perfbuf
{

/* Guarded by perf_buffer::mapping(). The ring itself does not read it. */
struct ring_mapping_state {
	u32 mappings = 0;	/* live VMAs of the data area */
	u32 stats_mappings = 0; /* live VMAs of the statistics page, which keep the ring's memory */
	u32 page_sequence = 0;	/* the value of user_page->lock; never read back from there */
	u64 number = 0;		/* of the ring: PERFBUF_IOC_COPY_RING */
	pb_charge charge = {};	/* the user that pays for the data area */

	/* The AUX area; its VMAs are counted in mappings, too. */
	u32 aux_mappings = 0;
	u64 aux_page_offset = 0;
	u64 aux_start = 0; /* where the stream of the next area begins */
	pb_charge aux_charge = {};
};

} // namespace perfbuf
