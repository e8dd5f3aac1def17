// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The command line of perfbuf trace. */
#pragma once

#include <optional>
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

extern const char *const trace_about;

/** As written; checked once all of it is known. */
struct trace_words {
	std::vector<std::string> filters;
	target_words target;
	std::string pages;
	std::string aux_pages;
	std::string tick;
	std::optional<std::string> input;
	std::string output;
	std::string format;
};

void add_trace_options(CLI::App &app, trace_words &words);

/** Throws `failure` with the usage status where the words do not go together.
 * @param all the whole command line */
trace_options finish_trace_options(const trace_words &words, std::vector<std::string> command,
				   std::vector<std::string> all);

} // namespace perfbuf::program
