/* SPDX-License-Identifier: GPL-2.0 */
/* A file of a producer that fills AUX, its ring, its area, and a reader of all that. */
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "support/aux.hpp"
#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

/* Off, with the common sample fields; the event itself only counts. */
perf_event_attr aux_event_attr(const std::string &source, const std::string &event);

struct aux_file {
	/* Throws unless the stream from @from to @to is what was written. */
	using check = std::function<void(const aux_file &, uint64_t from, uint64_t to)>;

	/* Throws on an error. */
	aux_file(const std::string &source, const perf_event_attr &attr, check looks,
		 size_t aux_pages = 16, int prot = rw, size_t data_pages = 8,
		 const target &observed = target::every_process(0));

	/*
	 * Reads the records that are there, checks that they announce the stream without a gap and
	 * that every byte of it is what it should be, and gives it back. The bytes.
	 */
	uint64_t consume();
	/* The same until @bytes have come; enables it where it went off. */
	bool consume_until(uint64_t bytes);

	perf_event_attr attr;
	unique_fd fd;
	ring buffer;
	std::optional<aux_mapping> aux;
	check looks;
	uint64_t announced_to = 0; /* up to this position, by the records read so far */
	uint64_t flags_seen = 0;   /* of all of them */
	uint64_t cpus_seen = 0;	   /* a bit for each */
	std::vector<record> samples;
	std::set<uint32_t> traced; /* threads of PERF_RECORD_ITRACE_START */
	std::vector<aux_announcement> announced;
};

/* Every word of it is its own position. */
void check_positions(const aux_file &file, uint64_t from, uint64_t to);

} /* namespace device_test */
