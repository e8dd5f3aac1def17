// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Feature sections: on which machine, by which command, when. */
#pragma once

#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <vector>

#include "perfdata/compression.hpp"
#include "perfdata/writer.hpp"

namespace perfbuf::perfdata
{

/** The machine. All of them always: perf data convert of 6.1 crashes where one is missing. */
void add_host_features(feature_map &to, const std::string &tool_version);

/** @param arguments as main() got them */
void add_command_line(feature_map &to, std::span<const std::string> arguments);

void add_event_description(feature_map &to, std::span<const described_attr> attrs);

/** @param first,last times of samples, ns; both 0 if there were none */
void add_sample_time(feature_map &to, uint64_t first, uint64_t last);

/** How the records are compressed, and how many times smaller they became so far. */
void add_compressed(feature_map &to, const compressor &by);

/** The clock of attr.clockid, and what it showed at what time of day: perf turns its times into
 * dates by it. */
void add_clock(feature_map &to, clockid_t clock);

} // namespace perfbuf::perfdata
