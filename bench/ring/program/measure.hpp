/* SPDX-License-Identifier: GPL-2.0 */
/* Has one peer write, checks what came, and counts. */
#pragma once

#include "reader.hpp"

#include "../ring_bench.h"

#include <optional>
#include <span>

/* The reader's behaviour meanwhile. */
enum class reading {
	each_batch, /* keeps up */
	never,	    /* overwrite: only at the end, the newest records */
	full,	    /* so slow that the ring is full: what is counted is a record that is refused */
	counted,    /* keeps up, and its own instructions are what is counted */
};

struct row {
	const char *peer; /* as the module knows it */
	unsigned mode;
	const char *name;
	unsigned most_bytes = 4096; /* the largest record that it takes */
	opener *open = open_module;
	reading reader = reading::each_batch;
	unsigned data = RING_BENCH_DATA;
	unsigned rings = 1, files = 1, idle = 0;
	bool silent = false;	   /* no reader: nothing is written */
	bool reports_loss = false; /* the ring itself says how many records it refused */
	bool optional = false;	   /* not every kernel has it */
};

struct figures {
	double fewest, mean, most; /* instructions of a record: the batches' and all */
};

/* Ends the program: what is wrong with @of. */
[[noreturn]] void wrong(const row &of, const char *name);

/* That these are records in the order of their counts, which begin with @first; a backward ring
 * gives the newest first. */
void check_records(const row &of, const std::vector<uint64_t> &words, uint64_t first,
		   size_t records, unsigned bytes);

/* Has the module open the peer, with this many rings. False: it has no such, which is optional. */
bool open_peer(int bench, const row &of, unsigned bytes, unsigned rings,
	       std::span<const std::unique_ptr<reader>> readers);

/* Nothing where the module has no such peer, which is optional. Does not return if a record is
 * wrong. */
std::optional<figures> measure(int bench, const row &of, unsigned bytes, unsigned batches);

/* The instructions of one record of 64 bytes, a line each: function, address, bytes. */
void print_steps(int bench, const row &of);
