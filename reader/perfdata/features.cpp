// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes the feature sections of a perf.data: host, CPUs, memory, command line, times.
#include "perfdata/features.hpp"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <sys/utsname.h>
#include <unistd.h>

namespace perfbuf::perfdata
{

namespace
{

// The value of the first "key : value" or "key: value" line.
std::string value_of(const char *path, std::string_view key)
{
	std::ifstream file(path);
	for (std::string line; std::getline(file, line);) {
		const size_t colon = line.find(':');
		if (colon == std::string::npos)
			continue;
		const size_t key_end = line.find_last_not_of(" \t", colon ? colon - 1 : 0);
		if (std::string_view(line).substr(0, key_end + 1) != key)
			continue;
		const size_t value_at = line.find_first_not_of(" \t", colon + 1);
		return value_at == std::string::npos ? "" : line.substr(value_at);
	}
	return {};
}

// As perf makes it: x86 "vendor,family,model,stepping", arm64 the main id register.
std::string cpu_id(const utsname &system)
{
	const std::string vendor = value_of("/proc/cpuinfo", "vendor_id");
	if (!vendor.empty())
		return vendor + "," + value_of("/proc/cpuinfo", "cpu family") + "," +
		       value_of("/proc/cpuinfo", "model") + "," +
		       value_of("/proc/cpuinfo", "stepping");
	std::string midr;
	std::getline(std::ifstream("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1"),
		     midr);
	return midr.empty() ? system.machine : midr;
}

uint64_t total_memory_kb()
{
	const std::string text = value_of("/proc/meminfo", "MemTotal");
	uint64_t kb = 0;
	std::from_chars(text.data(), text.data() + text.size(), kb);
	return kb;
}

uint64_t nanoseconds(const timespec &time)
{
	return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
	       static_cast<uint64_t>(time.tv_nsec);
}

} // namespace

void add_host_features(feature_map &to, const std::string &tool_version)
{
	utsname system{};
	::uname(&system);
	const std::string model = value_of("/proc/cpuinfo", "model name");

	to[feature::hostname].put_string(system.nodename);
	to[feature::os_release].put_string(system.release);
	to[feature::version].put_string(tool_version);
	to[feature::arch].put_string(system.machine);
	bytes &cpus = to[feature::cpu_count];
	cpus.put(static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_CONF)));
	cpus.put(static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
	to[feature::cpu_description].put_string(model.empty() ? system.machine : model);
	to[feature::cpu_id].put_string(cpu_id(system));
	to[feature::total_memory].put(total_memory_kb());
}

void add_command_line(feature_map &to, std::span<const std::string> arguments)
{
	// perf writes the program's path, then the arguments from the first on.
	std::error_code ignored;
	const std::string program = std::filesystem::read_symlink("/proc/self/exe", ignored);
	bytes &line = to[feature::command_line];
	const bool known = !program.empty() && !arguments.empty();
	line.put(static_cast<uint32_t>(arguments.size()));
	if (known)
		line.put_string(program);
	for (const auto &argument : arguments.subspan(known ? 1 : 0))
		line.put_string(argument);
}

void add_event_description(feature_map &to, std::span<const described_attr> attrs)
{
	bytes &events = to[feature::event_description];
	events.put(static_cast<uint32_t>(attrs.size()));
	events.put(attr_size);
	for (const auto &each : attrs) {
		perf_event_attr attr = each.attr;
		attr.size = attr_size;
		events.put_raw(&attr, attr_size);
		events.put(static_cast<uint32_t>(each.ids.size()));
		events.put_string(each.name);
		events.put_raw(each.ids.data(), each.ids.size() * sizeof(uint64_t));
	}
}

void add_sample_time(feature_map &to, uint64_t first, uint64_t last)
{
	bytes &times = to[feature::sample_time];
	times.put(first);
	times.put(last);
}

void add_compressed(feature_map &to, const compressor &by)
{
	constexpr uint32_t version = 0;
	constexpr uint32_t zstd = 1;
	bytes &how = to[feature::compressed];
	how = {};
	how.put(version);
	how.put(zstd);
	how.put(static_cast<uint32_t>(by.level()));
	how.put(static_cast<uint32_t>(std::lround(by.ratio())));
	how.put(compressor::part_size);
}

void add_clock(feature_map &to, clockid_t clock)
{
	timespec resolution{};
	timespec now{};
	timespec day{};
	::clock_getres(clock, &resolution);
	::clock_gettime(CLOCK_REALTIME, &day);
	::clock_gettime(clock, &now);

	to[feature::clock_id].put(nanoseconds(resolution));
	bytes &data = to[feature::clock_data];
	data.put(uint32_t{1}); // version of this section
	data.put(static_cast<uint32_t>(clock));
	data.put(nanoseconds(day));
	data.put(nanoseconds(now));
}

} // namespace perfbuf::perfdata
