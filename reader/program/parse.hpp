// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Arguments into values. What cannot be understood is a `failure` with the usage status. */
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "program/options.hpp"

namespace perfbuf::program
{

/** "0-3,8" @return CPU numbers, rising */
std::vector<int> parse_cpus(std::string_view text);

/** "12,34" */
std::vector<pid_t> parse_pids(std::string_view text);

/** "128" pages, or a size: "512K", "4M". @return pages, a power of two */
size_t parse_pages(std::string_view text, size_t page_size);

/** The same for an option that is not -m: what is wrong is said of `option`. */
size_t parse_named_pages(std::string_view text, const char *option, size_t page_size);

/** "10M", "512K" or bytes, for an option whose name stands in what is wrong. */
uint64_t parse_size(std::string_view text, const char *option);

/**
 * "999", or "max" for the limit. @return Hz, within the limit
 * @param limit     Hz
 * @param limited_by what to change for a higher one
 */
uint64_t parse_frequency(std::string_view text, uint64_t limit, std::string_view limited_by);

/** @return events, or ns of a clock */
uint64_t parse_period(std::string_view text);

/** "10", "1.5", "500ms", "2m" */
std::chrono::nanoseconds parse_duration(std::string_view text);

/** "signal", "10M", "30s" */
switch_rule parse_switch(std::string_view text);

/** "5" files */
size_t parse_file_count(std::string_view text);

/** "3", from 1 to 22. */
int parse_level(std::string_view text);

/** "fp", "dwarf", "dwarf,4096" @return how, and the bytes of stack per sample */
std::pair<call_graph, uint32_t> parse_call_graph(std::string_view text);

/** "monotonic" and its like */
clockid_t parse_clock(std::string_view text);

/** "16" ns, a power of two. @return its logarithm */
unsigned parse_tick(std::string_view text);

/** 1234567 -> "1,234,567" */
std::string group_digits(uint64_t number);

/** 3355443 -> "3.4 MB" */
std::string human_size(uint64_t bytes);

} // namespace perfbuf::program
