// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The threads of recorded processes, and the files that follow them: one for each event and
 * CPU, or, where the source cannot follow several, one for each thread. */
#pragma once

#include <functional>
#include <optional>
#include <perfbuf/file.hpp>
#include <span>
#include <sys/types.h>
#include <vector>

#include "program/options.hpp"

namespace perfbuf::program
{

/** @return the threads of the processes; throws `failure` where there is no such process */
std::vector<pid_t> threads_of(const std::vector<pid_t> &pids);

/** @return the processes of the threads, each once; throws `failure` where there is no such thread
 */
std::vector<pid_t> processes_of(const std::vector<pid_t> &tids);

/** @return those of -t, or all of the processes */
std::vector<pid_t> recorded_threads(const record_options &options);

/**
 * Opens an event on one CPU for all of the threads.
 * @param open_one    opens it on a thread; nothing: the thread has ended meanwhile
 * @param before_many called before a second file is opened
 * @return one file that follows the threads, another where all of them ended before the next was
 * added, or a file for each of them
 */
std::vector<reader::file>
open_on_threads(const std::vector<pid_t> &threads,
		const std::function<std::optional<reader::file>(pid_t)> &open_one,
		const std::function<void()> &before_many);

/**
 * Lets the files that can follow the threads that the processes have got since `known` were listed.
 * From then on the processes get no thread that the files do not follow. With -t it does nothing.
 */
void follow_new_threads(std::span<const reader::file> files, const record_options &options,
			std::vector<pid_t> known);

} // namespace perfbuf::program
