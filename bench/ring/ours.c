// SPDX-License-Identifier: GPL-2.0
/*
 * perfbuf's ring, begin/copy/end as perf's, and reserve/commit; also with the time in each record,
 * as ftrace and LTTng put it into theirs.
 */
#include "ours.h"
#include "peers.h"

#include <perfbuf/producer.h>

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/string.h>

static_assert(RING_BENCH_RINGS_MOST == OURS_RINGS_MOST);

static bool opened;
static unsigned int turn, last_ring;

const void *ours_frame_address(unsigned long frame)
{
	return pfn_to_kaddr(frame);
}

/*
 * The kernel's clock by its function, as a module gets it that is not perfbuf.ko: so the rows with
 * a time differ from those without by a call that ftrace and LTTng make, too. The typed events'
 * time, which perfbuf.ko computes, is in their own rows.
 */
unsigned long long ours_clock(void)
{
	return local_clock();
}

static int open_rings(const struct ring_bench_open *wanted, bool mirrored, enum ours_stamp stamp)
{
	const struct ours_wanted ring = {
		.pages = wanted->data / PAGE_SIZE,
		.rings = wanted->rings,
		.overwrite = !!(wanted->mode & RING_BENCH_OVERWRITE),
		.backward = !!(wanted->mode & RING_BENCH_BACKWARD),
		.mirrored = mirrored,
		.stamp = stamp,
	};

	opened = true;
	last_ring = wanted->rings - 1;
	turn = 0;
	return -ours_create(&ring);
}

static int reserve_open(const struct ring_bench_open *wanted)
{
	return open_rings(wanted, true, OURS_UNSTAMPED);
}

static int copy_open(const struct ring_bench_open *wanted)
{
	return open_rings(wanted, false, OURS_UNSTAMPED);
}

static int reserve_stamped_open(const struct ring_bench_open *wanted)
{
	return open_rings(wanted, true, OURS_STAMPED);
}

static int copy_stamped_open(const struct ring_bench_open *wanted)
{
	return open_rings(wanted, false, OURS_STAMPED);
}

static void ours_close(void)
{
	if (opened)
		ours_destroy();
	opened = false;
}

static __always_inline void put_record(struct perf_event_header *to, const u64 *payload, u32 bytes)
{
	*to = (struct perf_event_header){
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(*to) + bytes,
	};
	memcpy(to + 1, payload, bytes);
}

static __always_inline bool reserve_one(const u64 *payload, u32 bytes)
{
	struct perf_event_header *to = ours_reserve(sizeof(*to) + bytes);

	if (!to)
		return false;
	put_record(to, payload, bytes);
	ours_commit();
	return true;
}

DEFINE_WRITE(reserve_write, reserve_one)

static __always_inline bool reserve_burst(u64 *payload, u32 bytes, u32 count)
{
	struct perf_event_header *to = ours_reserve_burst(count * (sizeof(*to) + bytes), count);
	u32 i;

	if (!to)
		return false;
	for (i = 0; i < count; i++) {
		put_record(to, payload, bytes);
		to = (void *)to + sizeof(*to) + bytes;
		payload[0]++;
		barrier();
	}
	ours_commit();
	return true;
}

DEFINE_BURSTS(burst_write, reserve_burst)

static __always_inline bool reserve_one_in_turn(const u64 *payload, u32 bytes)
{
	ours_choose(turn++ & last_ring);
	return reserve_one(payload, bytes);
}

DEFINE_WRITE(in_turn_write, reserve_one_in_turn)

/* The ring of this CPU. */
static __always_inline bool reserve_one_here(const u64 *payload, u32 bytes)
{
	const unsigned int here = smp_processor_id();
	struct perf_event_header *to = ours_reserve_in(here, sizeof(*to) + bytes);

	if (!to)
		return false;
	put_record(to, payload, bytes);
	ours_commit_in(here);
	return true;
}

DEFINE_WRITE(reserve_here_write, reserve_one_here)

struct stamped_header {
	struct perf_event_header header;
	u64 time;
};

static __always_inline bool reserve_one_stamped(const u64 *payload, u32 bytes)
{
	struct stamped_header *to = ours_reserve(sizeof(*to) + bytes);

	if (!to)
		return false;
	to->header = (struct perf_event_header){
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(*to) + bytes,
	};
	to->time = local_clock();
	memcpy(to + 1, payload, bytes);
	ours_commit();
	return true;
}

DEFINE_WRITE(reserve_stamped_write, reserve_one_stamped)

/* Begun; the rest is the same. */
static __always_inline void copy_record(struct ours_record *record, const u64 *payload, u32 bytes)
{
	const struct perf_event_header header = {
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(header) + bytes,
	};

	ours_copy(record, &header, sizeof(header));
	ours_copy(record, payload, bytes);
	ours_end(record);
}

static __always_inline bool copy_one(const u64 *payload, u32 bytes)
{
	PERFBUF_UNINITIALIZED struct ours_record record;

	if (ours_begin(&record, sizeof(struct perf_event_header) + bytes))
		return false;
	copy_record(&record, payload, bytes);
	return true;
}

DEFINE_WRITE(copy_write, copy_one)

static __always_inline bool copy_one_here(const u64 *payload, u32 bytes)
{
	PERFBUF_UNINITIALIZED struct ours_record record;

	if (ours_begin_in(smp_processor_id(), &record, sizeof(struct perf_event_header) + bytes))
		return false;
	copy_record(&record, payload, bytes);
	return true;
}

DEFINE_WRITE(copy_here_write, copy_one_here)

static __always_inline bool copy_one_stamped(const u64 *payload, u32 bytes)
{
	struct ours_record record;
	struct stamped_header begin = {
		.header.type = PERF_RECORD_SAMPLE,
		.header.size = sizeof(begin) + bytes,
	};

	if (ours_begin(&record, begin.header.size))
		return false;
	begin.time = local_clock();
	ours_copy(&record, &begin, sizeof(begin));
	ours_copy(&record, payload, bytes);
	ours_end(&record);
	return true;
}

DEFINE_WRITE(copy_stamped_write, copy_one_stamped)

static int read_here(void *to, u32 space, u64 *lost)
{
	return ours_read_in(smp_processor_id(), to, space, lost);
}

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

const struct peer ours_reserve_stamped_peer = {
	.name = "ours_reserve_stamped",
	.open = reserve_stamped_open,
	.close = ours_close,
	.write = reserve_stamped_write,
	.read = ours_read,
};

const struct peer ours_copy_stamped_peer = {
	.name = "ours_copy_stamped",
	.open = copy_stamped_open,
	.close = ours_close,
	.write = copy_stamped_write,
	.read = ours_read,
};

const struct peer ours_inline_stamped_peer = {
	.name = "ours_inline_stamped",
	.open = copy_stamped_open,
	.close = ours_close,
	.write = ours_write_inline,
	.read = ours_read,
};

const struct peer ours_in_turn_peer = {
	.name = "ours_in_turn",
	.open = reserve_open,
	.close = ours_close,
	.write = in_turn_write,
	.read = ours_read,
};

const struct peer ours_burst_peer = {
	.name = "ours_burst",
	.open = reserve_open,
	.close = ours_close,
	.write = burst_write,
	.read = ours_read,
};

const struct peer ours_reserve_here_peer = {
	.name = "ours_reserve_here",
	.open = reserve_open,
	.close = ours_close,
	.write = reserve_here_write,
	.read = read_here,
};

const struct peer ours_copy_here_peer = {
	.name = "ours_copy_here",
	.open = copy_open,
	.close = ours_close,
	.write = copy_here_write,
	.read = read_here,
};
