// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses numbers, sizes, lists of CPUs and of processes.
#include "program/parse.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "perfdata/compression.hpp"
#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

// The stack and its frame of fields must fit into a record of 64 KiB.
constexpr uint32_t most_stack_bytes = 65528;
constexpr int most_cpus = 1 << 16;

template <typename T>
std::optional<T> number(std::string_view text)
{
	T value{};
	const char *end = text.data() + text.size();
	const auto [stop, bad] = std::from_chars(text.data(), end, value);
	if (bad != std::errc() || stop != end || text.empty())
		return std::nullopt;
	return value;
}

template <typename Each>
void for_each_item(std::string_view text, Each each)
{
	for (size_t at = 0; at <= text.size();) {
		const size_t comma = std::min(text.find(',', at), text.size());
		each(text.substr(at, comma - at));
		at = comma + 1;
	}
}

} // namespace

std::vector<int> parse_cpus(std::string_view text)
{
	std::vector<int> cpus;
	for_each_item(text, [&](std::string_view item) {
		const size_t dash = item.find('-');
		const auto first = number<int>(item.substr(0, dash));
		const auto last =
			dash == std::string_view::npos ? first : number<int>(item.substr(dash + 1));
		if (!first || !last || *first < 0 || *last < *first || *last >= most_cpus)
			throw failure(exit_usage,
				      fmt::format("\"{}\" is no list of CPUs: write one like 0-3,8",
						  text));
		for (int cpu = *first; cpu <= *last; cpu++)
			cpus.push_back(cpu);
	});
	std::sort(cpus.begin(), cpus.end());
	cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
	return cpus;
}

std::vector<pid_t> parse_pids(std::string_view text)
{
	std::vector<pid_t> pids;
	for_each_item(text, [&](std::string_view item) {
		const auto pid = number<pid_t>(item);
		if (!pid || *pid <= 0)
			throw failure(
				exit_usage,
				fmt::format(
					"\"{}\" is no list of processes: write one like 1234,5678",
					text));
		pids.push_back(*pid);
	});
	std::sort(pids.begin(), pids.end());
	pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
	return pids;
}

size_t parse_pages(std::string_view text, size_t page_size)
{
	constexpr std::string_view units = "KMG";
	std::string_view digits = text;
	uint64_t unit = 0; // bytes; 0: pages
	if (!text.empty())
		if (const size_t at = units.find(text.back()); at != std::string_view::npos) {
			unit = 1ULL << (10 * (at + 1));
			digits.remove_suffix(1);
		}
	const auto value = number<uint64_t>(digits);
	if (!value || *value == 0 || *value > (1ULL << 32))
		throw failure(
			exit_usage,
			fmt::format("-m {}: give a number of pages or a size, such as 128 or 512K",
				    text));
	const uint64_t wanted = *value * (unit ? unit : page_size); // bytes
	if (!std::has_single_bit(wanted) || wanted < page_size) {
		const uint64_t better = std::bit_ceil(std::max<uint64_t>(wanted, page_size));
		throw failure(exit_usage,
			      fmt::format("-m {}: a ring has a power of two of pages; try {}", text,
					  unit ? fmt::format("{}K", better / 1024)
					       : fmt::format("{}", better / page_size)));
	}
	return wanted / page_size;
}

uint64_t parse_size(std::string_view text, const char *option)
{
	constexpr std::string_view units = "KMGT";
	std::string_view digits = text;
	unsigned shift = 0;
	if (!text.empty())
		if (const size_t at = units.find(text.back()); at != std::string_view::npos) {
			shift = static_cast<unsigned>(10 * (at + 1));
			digits.remove_suffix(1);
		}
	const auto value = number<uint64_t>(digits);
	if (!value || *value == 0 || *value > UINT64_MAX >> shift)
		throw failure(exit_usage, fmt::format("{} {}: give a size, such as 500K, 10M or 2G",
						      option, text));
	return *value << shift;
}

switch_rule parse_switch(std::string_view text)
{
	const std::string_view units_of_size = "BKMG";
	const std::string_view units_of_time = "smhd";
	const std::string_view digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
	const auto count = number<uint64_t>(digits);
	switch_rule made;
	if (text == "signal")
		return made;
	if (count && *count > 0 && *count < 1'000'000'000) {
		if (const size_t at = units_of_size.find(text.back()); at != text.npos) {
			made.bytes = *count << (10 * at);
			return made;
		}
		constexpr std::array<int, 4> seconds{1, 60, 3600, 86400};
		if (const size_t at = units_of_time.find(text.back()); at != text.npos) {
			made.every = std::chrono::seconds(*count) * seconds[at];
			return made;
		}
	}
	throw failure(exit_usage,
		      fmt::format("--switch-output={}: give signal, a size (500K, 10M, 2G) or a "
				  "time (30s, 5m, 1h, 1d)",
				  text));
}

size_t parse_file_count(std::string_view text)
{
	const auto count = number<size_t>(text);
	if (!count || *count == 0)
		throw failure(exit_usage,
			      fmt::format("--switch-max-files {}: give how many files are kept, "
					  "such as 5",
					  text));
	return *count;
}

int parse_level(std::string_view text)
{
	const auto level = number<int>(text);
	if (!level || *level < perfdata::lowest_level || *level > perfdata::highest_level)
		throw failure(exit_usage,
			      fmt::format("-z {}: give a level from {} (fast) to {} (small)", text,
					  perfdata::lowest_level, perfdata::highest_level));
	if (!perfdata::has_zstd())
		throw failure(exit_usage,
			      "-z: this perfbuf was built without libzstd: leave it out");
	return *level;
}

uint64_t parse_frequency(std::string_view text, uint64_t limit, std::string_view limited_by)
{
	if (text == "max")
		return limit;
	const auto value = number<uint64_t>(text);
	if (!value || *value == 0)
		throw failure(
			exit_usage,
			fmt::format("-F {}: give samples per second, such as 999, or max", text));
	if (*value > limit)
		throw failure(exit_usage,
			      fmt::format("-F {} is over the limit of {}: give less, or raise {}",
					  text, limit, limited_by));
	return *value;
}

size_t parse_named_pages(std::string_view text, const char *option, size_t page_size)
{
	try {
		return parse_pages(text, page_size);
	} catch (const failure &why) {
		// It speaks of -m.
		throw failure(why.status(), option + std::string(why.what()).substr(2));
	}
}

uint64_t parse_period(std::string_view text)
{
	const auto value = number<uint64_t>(text);
	// The kernel keeps the top bit for itself.
	if (!value || *value == 0 || *value >> 63)
		throw failure(
			exit_usage,
			fmt::format("-c {}: give a number of events, or of the clock's nanoseconds "
				    "from sample to sample, such as 1000000",
				    text));
	return *value;
}

std::chrono::nanoseconds parse_duration(std::string_view text)
{
	struct unit {
		std::string_view name;
		double seconds;
	};
	constexpr std::array<unit, 4> units{{{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}}};
	double scale = 1;
	std::string_view digits = text;
	for (const auto &unit : units)
		if (text.ends_with(unit.name)) {
			scale = unit.seconds;
			digits.remove_suffix(unit.name.size());
			break;
		}
	const auto value = number<double>(digits);
	constexpr double most_seconds = 1e9; // thirty years, and far from overflowing ns
	if (!value || !std::isfinite(*value) || *value <= 0 || *value * scale > most_seconds)
		throw failure(
			exit_usage,
			fmt::format("\"{}\" is no duration: give seconds, such as 10, 0.5 or 500ms",
				    text));
	return std::chrono::nanoseconds(static_cast<int64_t>(*value * scale * 1e9));
}

std::pair<call_graph, uint32_t> parse_call_graph(std::string_view text)
{
	const record_options defaults;
	const size_t comma = text.find(',');
	const std::string_view how = text.substr(0, comma);
	if (how == "fp" && comma == std::string_view::npos)
		return {call_graph::frame_pointers, defaults.stack_bytes};
	if (how != "dwarf")
		throw failure(
			exit_usage,
			fmt::format("--call-graph {}: give fp, dwarf or dwarf,<bytes of stack>",
				    text));
	if (comma == std::string_view::npos)
		return {call_graph::dwarf, defaults.stack_bytes};
	const auto size = number<uint32_t>(text.substr(comma + 1));
	if (!size || *size == 0 || *size % 8 || *size > most_stack_bytes)
		throw failure(exit_usage, fmt::format("--call-graph {}: the bytes of stack are a "
						      "multiple of 8, at most {}",
						      text, most_stack_bytes));
	return {call_graph::dwarf, *size};
}

clockid_t parse_clock(std::string_view text)
{
	struct name {
		std::string_view text;
		clockid_t clock;
	};
	constexpr std::array<name, 5> names{{{"monotonic", CLOCK_MONOTONIC},
					     {"monotonic_raw", CLOCK_MONOTONIC_RAW},
					     {"realtime", CLOCK_REALTIME},
					     {"boottime", CLOCK_BOOTTIME},
					     {"tai", CLOCK_TAI}}};
	for (const auto &each : names)
		if (each.text == text)
			return each.clock;
	throw failure(
		exit_usage,
		fmt::format(
			"--clockid {}: give monotonic, monotonic_raw, realtime, boottime or tai",
			text));
}

unsigned parse_tick(std::string_view text)
{
	constexpr uint64_t most = uint64_t{1} << 31; // that the source takes
	const auto value = number<uint64_t>(text);
	if (!value || !std::has_single_bit(*value) || *value > most)
		throw failure(exit_usage,
			      fmt::format("--tick {}: give a power of two of nanoseconds, such as "
					  "1, 16 or 1024",
					  text));
	return static_cast<unsigned>(std::countr_zero(*value));
}

std::string group_digits(uint64_t number)
{
	const std::string digits = std::to_string(number);
	std::string grouped;
	for (size_t at = 0; at < digits.size(); at++) {
		if (at && (digits.size() - at) % 3 == 0)
			grouped += ',';
		grouped += digits[at];
	}
	return grouped;
}

std::string human_size(uint64_t bytes)
{
	constexpr std::array<const char *, 5> units{"bytes", "kB", "MB", "GB", "TB"};
	if (bytes < 1000)
		return fmt::format("{} bytes", bytes);
	double value = static_cast<double>(bytes);
	size_t unit = 0;
	for (; value >= 999.95 && unit + 1 < units.size(); unit++)
		value /= 1000;
	return fmt::format("{:.1f} {}", value, units[unit]);
}

} // namespace perfbuf::program
