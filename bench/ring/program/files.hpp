/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the readers share. */
#pragma once

#include "reader.hpp"

#include <linux/perf_event.h>

/* The directory of the tracepoint of records of @bytes. */
inline std::string tracepoint_of(unsigned bytes)
{
	return tracing + "events/ring_bench/record_" + std::to_string(bytes) + "/";
}

/* The reader is not woken before the ring is full. */
perf_event_attr quiet_attr(unsigned data);

/* perf_event_open() of this task, or @cpu and all tasks. */
int open_event(perf_event_attr attr, int cpu = 0);

/*
 * Of a ring as perf's: of each record, the payload begins at @skip and has @bytes, or all that is
 * left (0).
 */
std::unique_ptr<reader> read_event(int fd, const opening &wanted, unsigned skip, unsigned bytes);
