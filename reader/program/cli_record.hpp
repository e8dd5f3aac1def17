// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The options that say what is recorded and how: of record, and of the commands that look on
 * while they record. */
#pragma once

#include <string>
#include <vector>

#include "program/cli_target.hpp"
#include "program/options.hpp"

namespace CLI
{
class App;
}

namespace perfbuf::program
{

// As written on the command line; checked once all of it is known.
struct record_words {
	std::vector<std::string> events;
	std::vector<std::string> filters;
	std::string frequency;
	std::string period;
	std::string call_graph;
	std::string pages;
	std::string aux_pages;
	std::string clock;
	std::string delay;
	std::string max_size;
	std::string level;
	std::string switches;
	std::string most_files;
	std::string cgroups;
	target_words target;
	bool chains = false;
};

/** -e alone. */
void add_event_option(CLI::App &app, record_words &words);
/** -G. */
void add_cgroup_option(CLI::App &app, record_words &words);
/** -e and --filter. */
void add_event_options(CLI::App &app, record_words &words);
/** -F, -c, which CPUs and processes, callers, and what to leave out. */
void add_sampling_options(CLI::App &app, record_options &options, record_words &words);
/** -m and --aux-pages. */
void add_ring_options(CLI::App &app, record_words &words);

/** Checks all of them. A filter is for the -e before it. */
void finish_record_options(record_options &options, const CLI::App &app, const record_words &words);

} // namespace perfbuf::program
