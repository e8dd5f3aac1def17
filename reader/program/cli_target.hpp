// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The options for the target (all CPUs, some CPUs, processes) and the duration, which all
 * commands that record have. */
#pragma once

#include <string>

#include "program/options.hpp"

namespace CLI
{
class App;
}

namespace perfbuf::program
{

/** The options' values as they were written; finish_target() checks them. */
struct target_words {
	bool all_cpus = false;
	std::string cpus;
	std::string pids;
	std::string tids;
	std::string duration;

	bool any() const;
};

void add_target_options(CLI::App &app, target_words &words);

/** Stores the target in `options`, whose command is set already. Throws `failure` with the usage
 * status if a value is wrong, or if two options exclude each other. */
void finish_target(record_options &options, const target_words &words);

} // namespace perfbuf::program
