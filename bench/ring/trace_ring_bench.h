/* SPDX-License-Identifier: GPL-2.0 */
/* The record as a kernel tracepoint. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ring_bench

#if !defined(TRACE_RING_BENCH_H) || defined(TRACE_HEADER_MULTI_READ)
#define TRACE_RING_BENCH_H

#include <linux/tracepoint.h>

/* clang-format off */
#define RECORD_EVENT(bytes)                                                                        \
	TRACE_EVENT(record_##bytes,                                                                \
		TP_PROTO(const u64 *words),                                                        \
		TP_ARGS(words),                                                                    \
		TP_STRUCT__entry(__array(u64, words, bytes / sizeof(u64))),                        \
		TP_fast_assign(memcpy(__entry->words, words, bytes);),                             \
		TP_printk("%llu", __entry->words[0])                                               \
	)
/* clang-format on */

/* No larger ones: ftrace stores an event within one page. */
RECORD_EVENT(8);
RECORD_EVENT(64);
RECORD_EVENT(256);
RECORD_EVENT(1024);

#undef RECORD_EVENT

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace_ring_bench
#include <trace/define_trace.h>
