// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What of the machine is recorded, and for how long: words that the commands which record
 * share. */
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "program/options.hpp"

namespace perfbuf::program
{

/** As written; checked once all of it is known. */
struct reach_words {
	bool all_cpus = false;
	std::string cpus;
	std::string pids;
	std::string duration;

	bool any() const;
};

void add_reach_options(CLI::App &app, reach_words &words);

/** Into `options`, whose command is known. Throws `failure` with the usage status where the words
 * do not go together. */
void finish_reach(record_options &options, const reach_words &words);

} // namespace perfbuf::program
