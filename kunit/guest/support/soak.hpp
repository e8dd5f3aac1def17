/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every processor sampled for a while, with a reader process that is stopped
 * and continued; at the end nothing may be unaccounted for.
 */
#pragma once

#include <cstdint>
#include <string>

#include "support/mode.hpp"

namespace device_test
{

struct soak_options {
	side source = side::clock;
	unsigned seconds = 3;
	unsigned frequency = 4000;
	unsigned data_pages = 32;
};

struct soak_result {
	uint64_t received = 0;	/* samples that the reader took out */
	uint64_t reported = 0;	/* lost, by PERF_RECORD_LOST */
	uint64_t counted = 0;	/* lost, by PERF_FORMAT_LOST */
	uint64_t produced = 0;	/* by the source's own counters; of perf, received + counted */
	uint64_t other = 0;	/* records that are neither samples nor losses */
	uint64_t backwards = 0; /* samples older than the one before them in the ring */
	unsigned stops = 0;	/* how often the reader stood still */
	unsigned rings = 0;
	bool reader_finished = false;

	bool exact() const
	{
		return reader_finished && reported == counted && received + counted == produced;
	}
	std::string line() const;
};

soak_result run_soak(const soak_options &options);

/* Records written and records lost since the source is there. */
struct source_counters {
	uint64_t records, lost;
};
source_counters read_source_counters();

} /* namespace device_test */
