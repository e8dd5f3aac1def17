// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the command line asked for, checked. */
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace perfbuf::program
{

enum class call_graph { none, frame_pointers, dwarf };

/** One item of -e, and the --filter behind it. */
struct event_choice {
	std::string source;
	std::string event; /**< may have '*'; empty: of the source what it has */
	std::string filter;
};

/** When a recording goes on in another file. At each signal and command, and: */
struct switch_rule {
	std::optional<uint64_t> bytes;		       /**< when the file has so many */
	std::optional<std::chrono::nanoseconds> every; /**< after so long */
};

struct record_options {
	std::vector<event_choice> events{{"clock", {}, {}}};
	uint64_t frequency = 999; /**< Hz, unless there is a period */
	uint64_t period = 0;	  /**< of typed events; without any, ns of the source */
	bool all_cpus = false;
	std::vector<int> cpus; /**< of -C; empty: all that are online */
	std::vector<pid_t> pids;
	std::vector<pid_t> tids;	  /**< of -t: of these processes, these threads alone */
	std::vector<std::string> cgroups; /**< of -G, for the events in their order */
	call_graph chains = call_graph::none;
	uint32_t stack_bytes = 8192; /**< copied per sample for DWARF unwinding */
	size_t pages = 128;	     /**< of data, per CPU */
	size_t aux_pages = 1024;     /**< of each function trace */
	unsigned tick_shift = 4;     /**< of function traces: their times are whole 2^n ns */
	bool side_band = true;	     /**< report tasks and what they map */
	bool may_trace = true;	     /**< without: request a driver's fields, and no more */
	std::string output = "perf.data";
	bool exclude_kernel = false;
	bool exclude_user = false;
	bool exclude_idle = false;
	std::optional<clockid_t> clock;
	std::optional<std::chrono::nanoseconds> duration;
	std::optional<std::chrono::nanoseconds> delay; /**< from the start to the first record */
	bool starts_disabled = false;		       /**< until --control says enable */
	std::string control;			       /**< as written; empty: none */
	std::optional<uint64_t> max_size;	       /**< bytes of the file that end it */
	bool overwrite = false;			       /**< the rings keep the newest records */
	std::optional<switch_rule> switches;	       /**< of --switch-output */
	size_t most_files = 0;			       /**< of those; 0: all are kept */
	int compression_level = 0;		       /**< of zstd; 0: none */
	bool exclude_perf = false;		       /**< no samples of this process */
	bool quiet = false;
	bool verbose = false;
	std::vector<std::string> command;
	std::vector<std::string> arguments; /**< the whole command line, for the file */
};

enum class trace_format { text, histogram, json };

struct trace_options {
	record_options record;		  /**< output is empty: print what was recorded */
	std::optional<std::string> input; /**< without: record */
	trace_format format = trace_format::text;
};

} // namespace perfbuf::program
