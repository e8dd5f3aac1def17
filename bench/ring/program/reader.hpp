/* SPDX-License-Identifier: GPL-2.0 */
/* Opens what a peer needs of user space, and reads its records back. */
#pragma once

#include "../../common/program.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct perf_event_mmap_page;

class reader
{
public:
	virtual ~reader() = default;
	/* The payloads of all records since the last call, one after the other. */
	virtual std::vector<uint64_t> read() = 0;
	/* Losses that the ring itself reported, in all calls of read(). */
	virtual uint64_t lost() const { return 0; }
	/* The descriptor that the module is given; -1: none. */
	virtual int fd() const { return -1; }
	/* The mapping, where the program has one. */
	virtual perf_event_mmap_page *page() const { return nullptr; }
	/* Of all records since the last call, the first words' sum, by the loop whose cost is
	 * measured: it does not check. */
	virtual uint64_t sum() { return 0; }
};

/* The reader to open. */
struct opening {
	int bench;     /* the module's file */
	unsigned mode; /* RING_BENCH_* */
	unsigned bytes;
	unsigned data;	  /* bytes of the ring */
	unsigned files;	  /* of an event, or ... */
	unsigned idle;	  /* ... that are disabled, beside the one that is not */
	unsigned cpu = 0; /* whose records are read */
};

using opener = std::unique_ptr<reader>(const opening &);

/* Has the module read. */
opener open_module;
/* Of an event without readers. */
opener open_without_reader;

/* A reader that perf or BPF lets see the ring through its own mapping. */
opener open_perf, open_bpf;
/* A BPF program that writes a record of its own making; the last two to perf's ring. */
opener open_program_reserve, open_program_output, open_program_perf, open_program_perf_time_tid_cpu;

/* The record as a typed event, with TID, TIME and CPU; raw: without those. */
opener open_tracepoint, open_tracepoint_raw, open_typed, open_typed_raw;
/* By a file with a filter that matches the event, or drops it. */
opener open_typed_matches, open_typed_dropped;
/* In a mirrored ring, where each record is contiguous. */
opener open_typed_mirrored, open_typed_raw_mirrored;
/* With TID, TIME and CPU into the source's flight recorder, alone and beside a file. */
opener open_recorder, open_recorder_and_typed, open_recorder_persisted,
	open_recorder_persisted_and_typed;
/* A tracepoint that ftrace listens to. */
opener open_ftrace;

/* A ring read by our library: by each(), or by next(). */
opener open_perf_at_once, open_typed_at_once, open_typed_in_steps;
