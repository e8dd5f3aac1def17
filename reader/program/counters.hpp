// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The events of the pmu source, by the names that perf has for them. */
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace perfbuf::program
{

/** The source that counts with the kernel's counters (docs/pmu.md). */
inline constexpr std::string_view counter_source = "pmu";

/** A name for attr.type and attr.config. */
struct counter {
	std::string_view name;
	uint32_t type;
	uint64_t config;
	bool is_time; /**< its count is nanoseconds */
};

/** nullptr: none has that name; empty: the one that is taken where none is given. */
const counter *find_counter(std::string_view name);

/** All, in the order in which they are shown. */
std::span<const counter> all_counters();

/** "cpu-clock, task-clock, ..." */
std::string counter_names();

} // namespace perfbuf::program
