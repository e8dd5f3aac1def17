// SPDX-License-Identifier: GPL-2.0
/* perf's ring: perf_output_begin/copy/end to the event of a file that the program opened. */
#include "peers.h"

#include <linux/file.h>
#include <linux/perf_event.h>

DEFINE_FOUND_CALL(call_perf_output_begin, perf_output_begin);
DEFINE_FOUND_CALL(call_perf_output_copy, perf_output_copy);
DEFINE_FOUND_CALL(call_perf_output_end, perf_output_end);

static struct file *event_file;
static struct perf_event *event;
static struct perf_sample_data sample;

static int perf_open(const struct ring_bench_open *wanted)
{
	int ret = FIND_CALL(perf_output_begin);

	ret = ret ?: FIND_CALL(perf_output_copy);
	ret = ret ?: FIND_CALL(perf_output_end);
	if (ret)
		return ret;
	event_file = fget(wanted->fd);
	if (!event_file)
		return -EBADF;
	event = event_file->private_data;
	return 0;
}

static void perf_close(void)
{
	if (event_file)
		fput(event_file);
	event_file = NULL;
}

static __always_inline bool perf_one(const u64 *payload, u32 bytes)
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

DEFINE_WRITE(perf_write, perf_one)

const struct peer perf_peer = {
	.name = "perf",
	.open = perf_open,
	.close = perf_close,
	.write = perf_write,
};
