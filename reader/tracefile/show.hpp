// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A trace for people, and for viewers. */
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <perfbuf/result.hpp>
#include <string>
#include <unordered_map>

#include "tracefile/merge.hpp"
#include "tracefile/reader.hpp"

namespace perfbuf::tracefile
{

enum class format {
	text,	   /**< a line for each call */
	histogram, /**< how often each function was called */
	json,	   /**< Chrome's trace events, which Perfetto opens too */
};

/** The calls and bytes that are missing of a CPU. */
struct missing {
	uint64_t calls = 0; /**< that were counted */
	uint64_t gaps = 0;  /**< where calls were lost */
	uint64_t full = 0;  /**< times that the area was full and calls were not counted */
	uint64_t bytes = 0; /**< that say nothing, or are not there */
	uint64_t cut = 0;   /**< bytes of a packet whose end is behind that of the recording */
	uint64_t first = 0; /**< ns; since when */
	uint64_t last = 0;  /**< ns; until when */
};

/** Functions that are counted each by itself: several times what the largest kernel has. */
inline constexpr size_t most_functions = size_t{1} << 19;

/** The totals of a trace. Its size is bounded, whatever a trace says: by most_functions and
 * most_cpus. */
struct totals {
	uint64_t calls = 0;
	std::unordered_map<uint64_t, uint64_t> by_function; /**< calls, by address */
	uint64_t of_others = 0; /**< calls of functions that came after most_functions others */
	std::map<uint32_t, missing> by_cpu; /**< those where something is missing */

	missing all() const;
	void add(const event &event);
};

/** @return "1234.567890123": seconds */
std::string show_time(uint64_t ns);

/** @return the text without what a terminal takes for more than a letter */
std::string printable(std::string_view text);

/** @return the text between quotes, as JSON has it; bytes that are no UTF-8 become U+FFFD */
std::string json_string(std::string_view text);

/** @return what is in a trace, without showing it */
totals count(reader_file &from);

/**
 * Print a trace to the end.
 * Errors: what writing says.
 */
reader::result<totals> show(reader_file &from, format how, std::FILE *to);

} // namespace perfbuf::tracefile
