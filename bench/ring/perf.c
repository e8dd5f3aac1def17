// SPDX-License-Identifier: GPL-2.0
/* perf's ring: perf_output_begin/copy/end to the event of a file that the program opened. */
#include "peers.h"

#include <linux/file.h>
#include <linux/perf_event.h>
#include <linux/smp.h>

DEFINE_FOUND_CALL(call_perf_output_begin, perf_output_begin);
DEFINE_FOUND_CALL(call_perf_output_copy, perf_output_copy);
DEFINE_FOUND_CALL(call_perf_output_end, perf_output_end);

/* The first, or each CPU's. */
static struct file *files[RING_BENCH_RINGS_MOST];
static struct perf_event *events[RING_BENCH_RINGS_MOST];
static struct perf_sample_data sample;

static int perf_open(const struct ring_bench_open *wanted)
{
	unsigned int i;
	int ret = FIND_CALL(perf_output_begin);

	ret = ret ?: FIND_CALL(perf_output_copy);
	ret = ret ?: FIND_CALL(perf_output_end);
	if (ret)
		return ret;
	for (i = 0; i < wanted->rings; i++) {
		files[i] = fget(wanted->fds[i]);
		if (!files[i])
			return -EBADF;
		events[i] = files[i]->private_data;
	}
	return 0;
}

static void perf_close(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i])
			fput(files[i]);
		files[i] = NULL;
	}
}

static __always_inline bool write_to(struct perf_event *event, const u64 *payload, u32 bytes)
{
	struct perf_output_handle handle;
	const struct perf_event_header header = {
		.type = PERF_RECORD_SAMPLE,
		.size = sizeof(header) + bytes,
	};

	if (static_call(call_perf_output_begin)(&handle, &sample, event, header.size))
		return false;
	static_call(call_perf_output_copy)(&handle, &header, sizeof(header));
	static_call(call_perf_output_copy)(&handle, payload, bytes);
	static_call(call_perf_output_end)(&handle);
	return true;
}

static __always_inline bool perf_one(const u64 *payload, u32 bytes)
{
	return write_to(events[0], payload, bytes);
}

DEFINE_WRITE(perf_write, perf_one)

static __always_inline bool perf_one_here(const u64 *payload, u32 bytes)
{
	return write_to(events[smp_processor_id()], payload, bytes);
}

DEFINE_WRITE(perf_write_here, perf_one_here)

const struct peer perf_peer = {
	.name = "perf",
	.open = perf_open,
	.close = perf_close,
	.write = perf_write,
};

const struct peer perf_here_peer = {
	.name = "perf_here",
	.open = perf_open,
	.close = perf_close,
	.write = perf_write_here,
};
