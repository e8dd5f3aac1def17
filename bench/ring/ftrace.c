// SPDX-License-Identifier: GPL-2.0
/* Peers: ftrace's ring, by ring_buffer_lock_reserve() and ring_buffer_unlock_commit(), and by
 * ring_buffer_write(). For the functions of a peer: peers.h. */
#include "peers.h"

#include <generated/config.h>

#include <linux/ring_buffer.h>
#include <linux/smp.h>
#include <linux/string.h>

static struct trace_buffer *buffer;
static u32 record_bytes;
static unsigned long dropped[RING_BENCH_RINGS_MOST]; /* each CPU's */

static int ftrace_open(const struct ring_bench_open *wanted)
{
	record_bytes = wanted->bytes;
	memset(dropped, 0, sizeof(dropped));
	buffer = ring_buffer_alloc(RING_BENCH_DATA,
				   wanted->mode & RING_BENCH_OVERWRITE ? RB_FL_OVERWRITE : 0);
	return buffer ? 0 : -ENOMEM;
}

static void ftrace_close(void)
{
	if (buffer)
		ring_buffer_free(buffer);
	buffer = NULL;
}

static __always_inline bool reserve_one(const u64 *payload, u32 bytes)
{
	struct ring_buffer_event *event = ring_buffer_lock_reserve(buffer, bytes);

	if (!event)
		return false;
	memcpy(ring_buffer_event_data(event), payload, bytes);
#ifdef PB_HAVE_RING_BUFFER_COMMIT_EVENT
	ring_buffer_unlock_commit(buffer, event);
#else
	ring_buffer_unlock_commit(buffer);
#endif
	return true;
}

DEFINE_WRITE(reserve_write, reserve_one)

static __always_inline bool write_one(const u64 *payload, u32 bytes)
{
	return !ring_buffer_write(buffer, bytes, (void *)payload);
}

DEFINE_WRITE(write_write, write_one)

static int ftrace_read(void *to, u32 space, u64 *lost)
{
	struct ring_buffer_event *event;
	unsigned long overwritten = 0;
	u32 bytes = 0;
	const int cpu = smp_processor_id();
	const unsigned long before = dropped[cpu];

	dropped[cpu] = ring_buffer_dropped_events_cpu(buffer, cpu);
	*lost += dropped[cpu] - before;
	while ((event = ring_buffer_consume(buffer, cpu, NULL, &overwritten))) {
		*lost += overwritten;
		/* The ring may round the length up. */
		if (record_bytes > space - bytes || ring_buffer_event_length(event) < record_bytes)
			return -EIO;
		memcpy(to + bytes, ring_buffer_event_data(event), record_bytes);
		bytes += record_bytes;
	}
	return bytes;
}

const struct peer ftrace_reserve_peer = {
	.name = "ftrace_reserve",
	.open = ftrace_open,
	.close = ftrace_close,
	.write = reserve_write,
	.read = ftrace_read,
};

const struct peer ftrace_write_peer = {
	.name = "ftrace_write",
	.open = ftrace_open,
	.close = ftrace_close,
	.write = write_write,
	.read = ftrace_read,
};
