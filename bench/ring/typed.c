// SPDX-License-Identifier: GPL-2.0
/*
 * The record as an event with a name and fields: a tracepoint of the kernel, to which the program
 * has ftrace or perf listen, and an event of perfbuf's API for producers. Of 64 bytes only.
 */
#include "peers.h"

#include <perfbuf/producer.h>

#define CREATE_TRACE_POINTS
#include "trace_ring_bench.h"

#define RECORD_FIELDS(F) F(ARRAY, u64, words, 8)
PERFBUF_EVENT(written, RECORD_FIELDS)

static struct perfbuf_event *const events[] = {&written_event};

static struct perfbuf_source source = {
	.name = "ring_bench",
	.description = "the records of a benchmark",
	.events = events,
	.event_count = ARRAY_SIZE(events),
};

int typed_start(void)
{
	return perfbuf_source_register(&source);
}

void typed_stop(void)
{
	perfbuf_source_unregister(&source);
}

static int typed_open(const struct ring_bench_open *wanted)
{
	return wanted->bytes == 64 ? 0 : -EINVAL;
}

static void typed_close(void)
{
}

static __always_inline bool trace_one(const u64 *payload, u32 bytes)
{
	trace_record(payload);
	return true;
}

DEFINE_WRITE(trace_write, trace_one)

static __always_inline bool emit_one(const u64 *payload, u32 bytes)
{
	perfbuf_emit(written, .words = payload);
	return true;
}

DEFINE_WRITE(emit_write, emit_one)

const struct peer tracepoint_peer = {
	.name = "tracepoint",
	.open = typed_open,
	.close = typed_close,
	.write = trace_write,
};

const struct peer typed_peer = {
	.name = "typed",
	.open = typed_open,
	.close = typed_close,
	.write = emit_write,
};
