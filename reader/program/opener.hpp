// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Where the files come from that are recorded: /dev/perfbuf. */
#pragma once

#include <functional>
#include <linux/perf_event.h>
#include <perfbuf/file.hpp>
#include <perfbuf/result.hpp>
#include <string>

#include "program/cgroups.hpp"

namespace perfbuf::program
{

/** Opens and configures a file of a source: `tasks` as perf_event_open(2) takes them. */
using opener = std::function<reader::result<reader::file>(
	const std::string &source, const perf_event_attr &attr, event_tasks tasks, int cpu)>;

/** The device's files. */
reader::result<reader::file> open_device(const std::string &source, const perf_event_attr &attr,
					 event_tasks tasks, int cpu);

} // namespace perfbuf::program
