// SPDX-License-Identifier: GPL-2.0
/* perfbuf's ring, begin/copy/end as perf's, and reserve/commit. */
#include "ours.h"
#include "peers.h"

#include <perfbuf/producer.h>

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/string.h>

static bool opened;

const void *ours_frame_address(unsigned long frame)
{
	return pfn_to_kaddr(frame);
}

static int open_ring(const struct ring_bench_open *wanted, bool mirrored)
{
	int ret = ours_create(RING_BENCH_DATA / PAGE_SIZE, !!(wanted->mode & RING_BENCH_OVERWRITE),
			      !!(wanted->mode & RING_BENCH_BACKWARD), mirrored);

	opened = !ret;
	return -ret;
}

static int reserve_open(const struct ring_bench_open *wanted)
{
	return open_ring(wanted, true);
}

static int copy_open(const struct ring_bench_open *wanted)
{
	return open_ring(wanted, false);
}

static void ours_close(void)
{
	if (opened)
		ours_destroy();
	opened = false;
}

static __always_inline bool reserve_one(const u64 *payload, u32 bytes)
{
	struct perf_event_header *to = ours_reserve(sizeof(*to) + bytes);

	if (!to)
		return false;
	*to = (struct perf_event_header){
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(*to) + bytes,
	};
	memcpy(to + 1, payload, bytes);
	ours_commit();
	return true;
}

DEFINE_WRITE(reserve_write, reserve_one)

static __always_inline bool copy_one(const u64 *payload, u32 bytes)
{
	PERFBUF_UNINITIALIZED struct ours_record record;
	const struct perf_event_header header = {
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(header) + bytes,
	};

	if (ours_begin(&record, header.size))
		return false;
	ours_copy(&record, &header, sizeof(header));
	ours_copy(&record, payload, bytes);
	ours_end(&record);
	return true;
}

DEFINE_WRITE(copy_write, copy_one)

const struct peer ours_reserve_peer = {
	.name = "ours_reserve",
	.open = reserve_open,
	.close = ours_close,
	.write = reserve_write,
	.read = ours_read,
};

const struct peer ours_copy_peer = {
	.name = "ours_copy",
	.open = copy_open,
	.close = ours_close,
	.write = copy_write,
	.read = ours_read,
};

const struct peer ours_inline_peer = {
	.name = "ours_inline",
	.open = copy_open,
	.close = ours_close,
	.write = ours_write_inline,
	.read = ours_read,
};
