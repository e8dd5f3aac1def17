// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the command lines of `perfbuf dump` and `perfbuf recover` asked for. */
#pragma once

#include <string>
#include <vector>

namespace perfbuf::program
{

struct dump_options {
	std::string recorder;	    /**< SOURCE or SOURCE#NUMBER; empty: list them */
	std::string output;	    /**< empty: print */
	bool keep = false;	    /**< what was kept of a source that has gone stays */
	bool previous_boot = false; /**< of the memory of perfbuf.persist= */
	std::string pid;	    /**< of the process whose rings are shown; empty: recorders */
	std::vector<std::string> arguments;
};

struct recover_options {
	std::string input;
	std::string output;
	std::vector<std::string> arguments;
};

int dump(const dump_options &options);
int dump_previous_boot(const dump_options &options);
int dump_process(const dump_options &options);
int recover(const recover_options &options);

} // namespace perfbuf::program
