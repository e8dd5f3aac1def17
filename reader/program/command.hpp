// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The table of commands. A command is a function that adds a subcommand, with its help and options,
 * and returns a function that runs it. To add a command, write that function in a file of its own,
 * declare it below, and add it to the table of cli.cpp.
 */
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "program/opener.hpp"

namespace CLI
{
class App;
}

namespace perfbuf::program
{

/** A command line, once it is parsed. */
struct call {
	CLI::App &app;			 /**< the subcommand */
	std::vector<std::string> behind; /**< the words behind "--" */
	std::vector<std::string> all;	 /**< every word, for the recording */
	const opener &open;
};

/** @return the exit status, or throws `failure` */
using run_command = std::function<int(const call &)>;

struct command {
	CLI::App *app;
	run_command run;
};

/** The command that is recorded or run: all words from the first one that is not an option of
 * perfbuf. */
std::vector<std::string> command_of(const call &of);

command add_record(CLI::App &program);
command add_trace(CLI::App &program);
command add_flame(CLI::App &program);
command add_hist(CLI::App &program);
command add_top(CLI::App &program);
command add_script(CLI::App &program);
command add_export(CLI::App &program);
command add_list(CLI::App &program);
command add_stat(CLI::App &program);
command add_exec(CLI::App &program);
command add_doctor(CLI::App &program);
command add_dump(CLI::App &program);
command add_recover(CLI::App &program);

} // namespace perfbuf::program
