/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that the kernel and a reader share.
 *
 *   page 0            struct perf_event_mmap_page
 *   page 1 .. 2^n     data: records, each a perf_event_header and its body,
 *                     8-byte aligned, contiguous but for the end of the ring
 *   aux_offset ..     AUX, where a source has one
 *
 *   field                    written by   read by
 *   version .. data_size     kernel once  reader
 *   lock, index, offset,     kernel       reader (a sequence count: odd while
 *     time_*, capabilities                it changes)
 *   data_head                kernel       reader; never read back by the kernel
 *   data_tail                reader       kernel; hostile, read once for each use
 *   aux_head                 kernel       reader
 *   aux_tail                 reader       kernel; hostile
 *   aux_offset, aux_size     reader       kernel, at the map of AUX; hostile
 *   data                     kernel       reader (the mapping refuses writes)
 *
 * The two halves of the protocol (perf_event_open(2)), as the barriers are lettered everywhere:
 *
 *   kernel (ring/perf_buffer.hpp)         reader (reader/include/perfbuf)
 *
 *   if (LOAD data_tail leaves space) {     LOAD data_head
 *           (A) control dependency        smp_rmb                    (C)
 *           STORE data                    LOAD data
 *           smp_wmb             (B)       smp_mb                     (D)
 *           STORE data_head               STORE data_tail
 *   }
 *
 * A pairs with D: data is overwritten only after the reader has read it.
 * B pairs with C: a head is seen only after the data under it.
 */
#pragma once

#include <cxxrt/std.hpp>

#include <linux/perf_event.h>

namespace perfbuf
{

using cxxrt::s32;
using cxxrt::s64;
using cxxrt::u16;
using cxxrt::u32;
using cxxrt::u64;
using cxxrt::u8;

static_assert(offsetof(perf_event_mmap_page, lock) == 8);
static_assert(offsetof(perf_event_mmap_page, capabilities) == 40);
static_assert(offsetof(perf_event_mmap_page, size) == 80 - 8);
static_assert(offsetof(perf_event_mmap_page, data_head) == 1024);
static_assert(offsetof(perf_event_mmap_page, data_tail) == 1032);
static_assert(offsetof(perf_event_mmap_page, data_offset) == 1040);
static_assert(offsetof(perf_event_mmap_page, data_size) == 1048);
static_assert(offsetof(perf_event_mmap_page, aux_head) == 1056);
static_assert(offsetof(perf_event_mmap_page, aux_size) == 1080);
static_assert(sizeof(perf_event_header) == 8);

/* Every record is a multiple of this, so a header never wraps. */
inline constexpr u32 record_alignment = 8;
/* perf_event_header::size is a u16 and a multiple of 8. */
inline constexpr u32 record_size_max = 65528;

/* PERF_RECORD_LOST without its sample_id. */
struct lost_record {
	perf_event_header header;
	u64 id;
	u64 lost;
};

static_assert(sizeof(lost_record) == 24);

} // namespace perfbuf
