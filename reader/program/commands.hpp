// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The commands. Each returns the exit status or throws `failure`. */
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "program/opener.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

int list();
int record(const record_options &options, const opener &open);
/** Print the events of each source within `interval`. */
int stat(std::chrono::nanoseconds interval);
/** Count events of a command, of processes, or of the whole machine. */
int stat_command(const record_options &options, const opener &open);
/** Record a function trace, or show one. */
int trace(const trace_options &options, const opener &open);
int doctor(const opener &open);
/** Become the command, with its perf_event_open(2) led to our sources. Does not return. */
[[noreturn]] int exec(const std::vector<std::string> &command);

} // namespace perfbuf::program
