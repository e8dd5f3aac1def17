// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Events of recorders, printed or as a perf.data. */
#pragma once

#include <string>
#include <vector>

#include "recorder/snapshot.hpp"

namespace perfbuf::program
{

struct recorder_events {
	const recorder::contents *of;
	std::vector<recorder::recorded_event> events; /**< in the order of time */
};

/**
 * In the order of time over all of them, on standard output, or into `output`. Throws `failure`.
 * @param arguments the whole command line, for the file
 */
void write_events(const std::vector<recorder_events> &all, const std::string &output,
		  const std::vector<std::string> &arguments);

/** "3 events; 120 bytes were overwritten while they were read, ..." */
std::string summary(const std::vector<recorder_events> &all, const recorder::omissions &left_out);

} // namespace perfbuf::program
