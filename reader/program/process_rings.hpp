// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The rings in overwrite mode that another process has, copied while their writers go on. */
#pragma once

#include <cstdint>
#include <perfbuf/ring_copy.hpp>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <sys/types.h>
#include <vector>

#include "program/sources.hpp"

namespace perfbuf::program
{

/** A file of the process that writes to a ring in overwrite mode. */
struct process_file {
	const source *of;
	perf_event_attr attr{};
	uint64_t id = 0;   /**< of its samples */
	uint64_t ring = 0; /**< the same for all files that write to one ring */
};

struct process_ring {
	uint64_t ring = 0;
	reader::ring_copy copied;
};

struct process_rings {
	std::vector<process_file> files;
	std::vector<process_ring> rings;
};

/**
 * By pidfd_getfd(2): the process does not notice it, and its rings stay as they are. Throws
 * `failure` with what to do.
 * @param wanted a source; empty: of all sources
 */
process_rings copy_process_rings(pid_t pid, const std::string &wanted,
				 const std::vector<source> &sources);

/** Of the records of a dump. */
struct process_dump {
	size_t records = 0;    /**< samples */
	uint64_t left_out = 0; /**< bytes */
	uint64_t lost = 0;     /**< as LOST records say */
	size_t unknown = 0;    /**< records that are of none of the process's files */
};

/** The rings as a perf.data, in the order of time. Throws `failure`, also if the disk is full: then
 * the file has the records that there was space for. */
process_dump write_process_dump(const process_rings &from, reader::unique_fd to,
				const std::vector<std::string> &arguments);

} // namespace perfbuf::program
