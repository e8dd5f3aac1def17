// SPDX-License-Identifier: GPL-2.0
/*
 * Peers that write the record as an event with a name and fields: a tracepoint of the kernel, which
 * the program enables in ftrace or perf, and events of perfbuf's API for producers. Records of more
 * than 256 bytes are raw events.
 */
#include "peers.h"

#include <perfbuf/producer.h>

#define CREATE_TRACE_POINTS
#include "trace_ring_bench.h"

#define WORDS_8(F)   F(ARRAY, u64, words, 1)
#define WORDS_64(F)  F(ARRAY, u64, words, 8)
#define WORDS_256(F) F(ARRAY, u64, words, 32)
PERFBUF_EVENT(written_8, WORDS_8)
PERFBUF_EVENT(written_64, WORDS_64)
PERFBUF_EVENT(written_256, WORDS_256)
PERFBUF_RAW_EVENT(written_any)

static struct perfbuf_event *const events[] = {&written_8_event, &written_64_event,
					       &written_256_event, &written_any_event};

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
	return 0;
}

static void typed_close(void)
{
}

static __always_inline bool trace_one(const u64 *payload, u32 bytes)
{
	switch (bytes) {
	case 8:
		trace_record_8(payload);
		break;
	case 64:
		trace_record_64(payload);
		break;
	case 256:
		trace_record_256(payload);
		break;
	case 1024:
		trace_record_1024(payload);
		break;
	default:
		return false;
	}
	return true;
}

DEFINE_WRITE(trace_write, trace_one)

static __always_inline bool emit_one(const u64 *payload, u32 bytes)
{
	switch (bytes) {
	case 8:
		perfbuf_emit(written_8, .words = payload);
		break;
	case 64:
		perfbuf_emit(written_64, .words = payload);
		break;
	case 256:
		perfbuf_emit(written_256, .words = payload);
		break;
	default:
		perfbuf_emit(written_any, .data = {payload, bytes});
	}
	return true;
}

DEFINE_WRITE(emit_write, emit_one)

/* The fields of each record are computed from its index, because perfbuf_emit_burst() may store a
 * record several times. */
#define EMIT_BURST(event)                                                                          \
	perfbuf_emit_burst(event, count, i, .words = (payload[0] = first + i, payload))

static __always_inline bool emit_burst(u64 *payload, u32 bytes, u32 count)
{
	const u64 first = payload[0];

	switch (bytes) {
	case 8:
		EMIT_BURST(written_8);
		break;
	case 64:
		EMIT_BURST(written_64);
		break;
	case 256:
		EMIT_BURST(written_256);
		break;
	default:
		return false;
	}
	payload[0] = first + count;
	return true;
}

DEFINE_BURSTS(burst_write, emit_burst)

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

const struct peer typed_burst_peer = {
	.name = "typed_burst",
	.open = typed_open,
	.close = typed_close,
	.write = burst_write,
};
