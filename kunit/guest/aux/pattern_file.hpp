/* SPDX-License-Identifier: GPL-2.0 */
/* A file of /dev/perfbuf/pattern, its ring, its AUX area, and a reader of all that. */
#pragma once

#include <optional>

#include <linux/perfbuf.h>

#include "pattern.h"
#include "support/aux.hpp"
#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"

namespace device_test
{

inline constexpr const char *pattern_path = "/dev/perfbuf/pattern";

/* Disabled; a tick each @period_ns. */
perf_event_attr pattern_attr(uint64_t config = 0, uint64_t period_ns = 100'000);

/* A file of it on @cpu; throws on an error. */
unique_fd open_pattern(const perf_event_attr &attr, int cpu = 0);

/* A file with its ring and its area. */
struct pattern_file {
	explicit pattern_file(const perf_event_attr &attr, size_t aux_pages = 16, int prot = rw,
			      size_t data_pages = 8);

	/*
	 * Reads the records that are there, checks that they announce the stream without a gap and
	 * that every byte of it is what it should be, and gives it back. The bytes.
	 */
	uint64_t consume();
	/* The same until @bytes have come, or a record says @flag; enables it where it went off. */
	bool consume_until(uint64_t bytes, uint64_t flag = 0);

	perf_event_attr attr;
	unique_fd fd;
	ring buffer;
	std::optional<aux_mapping> aux;
	uint64_t announced_to = 0; /* up to this position, by the records read so far */
	uint64_t flags_seen = 0;   /* of all of them */
	size_t starts = 0;	   /* PERF_RECORD_ITRACE_START */
	uint64_t packets[PATTERN_PRODUCERS] = {};

private:
	void check_words(uint64_t from, uint64_t to);
	void check_packets(uint64_t from, uint64_t to);
};

} /* namespace device_test */
