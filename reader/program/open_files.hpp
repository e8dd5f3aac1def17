// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The files and rings of a recording: one file per event and CPU (threads.hpp), one ring per
 * CPU, and those that have an AUX area. */
#pragma once

#include <linux/perf_event.h>
#include <optional>
#include <perfbuf/aux_area.hpp>
#include <perfbuf/file.hpp>
#include <perfbuf/mapping.hpp>
#include <perfbuf/ring.hpp>
#include <sys/types.h>
#include <vector>

#include "program/events.hpp"
#include "program/opener.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

struct cpu_ring {
	int cpu;
	reader::mapping area;
	reader::ring ring;
	size_t file;			     /**< that it was mapped from */
	std::optional<reader::aux_area> aux; /**< of a source that fills one */
	/** Positions in the stream behind which calls are missing, as records say; those that
	 * aux_drain has not come to yet. */
	std::vector<uint64_t> full_at;
	bool lost = false;    /**< of the records since the last round, some */
	uint64_t copied = 0;  /**< of a ring in overwrite mode, bytes that were written so far */
	std::string driver{}; /**< whose the AUX area is; empty: it is a function trace's */
};

struct open_files {
	std::vector<reader::file> files;
	std::vector<std::vector<uint64_t>> ids; /**< of each event's files */
	std::vector<cpu_ring> rings;
};

/** Raises RLIMIT_NOFILE to its maximum: a file per event, thread and CPU may need more than 1024.
 */
void raise_file_limit();

/**
 * Throws `failure` if a record of a pipe cannot hold the ids of so many files: those of sources
 * that cannot follow several threads. Call it before they are opened, which takes long.
 */
void check_ids_fit_in_pipe(size_t events, size_t threads, size_t cpus);

/** @return the CPUs of -C, or all that are online */
std::vector<int> cpus_of(const record_options &options);

/**
 * Open all, stopped; one ring per CPU, and one with an AUX area for each file of a source that
 * fills it.
 * @param attrs   one for each event; lose the bits of read_format that this kernel does not have
 * @param threads what to record; {-1} for everything
 * @param into_pipe the ids have to fit in a record of a pipe: check_ids_fit_in_pipe()
 */
open_files open_all(const record_options &options, const std::vector<chosen_event> &events,
		    std::vector<perf_event_attr> &attrs, const std::vector<pid_t> &threads,
		    const opener &open, bool into_pipe = false);

} // namespace perfbuf::program
