/* SPDX-License-Identifier: GPL-2.0 */
/* What the readers share. */
#pragma once

#include "reader.hpp"

#include <linux/perf_event.h>

const std::string tracepoint = tracing + "events/ring_bench/record/";

/* The fields of the typed event and of the tracepoint. */
constexpr unsigned typed_bytes = 64;

/* It wakes nobody before the ring is full. */
perf_event_attr quiet_attr(unsigned data);

/* perf_event_open() of this task, or @cpu and all tasks. */
int open_event(perf_event_attr attr, int cpu = 0);

/*
 * Of a ring as perf's: of each record, the payload begins at @skip and has @bytes, or all that is
 * left (0).
 */
std::unique_ptr<reader> read_event(int fd, const opening &wanted, unsigned skip, unsigned bytes);
