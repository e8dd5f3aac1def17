// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds events by name in sysfs and tracefs, and lists them.
#include <perfbuf/lookup.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace perfbuf::reader
{

namespace
{

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path &directory)
{
	std::vector<std::string> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(directory, ignored);
	     !ignored && walk != fs::directory_iterator(); walk.increment(ignored))
		found.push_back(walk->path().filename());
	std::sort(found.begin(), found.end());
	return found;
}

std::string joined(const std::vector<std::string> &names)
{
	std::string all;
	for (const auto &each : names)
		all += (all.empty() ? "" : ", ") + each;
	return all.empty() ? "none" : all;
}

std::string whole_text(const fs::path &path)
{
	std::ifstream file(path);
	std::ostringstream text;
	text << file.rdbuf();
	return text.str();
}

// The fields that samples of all events of a session have, so that their rings can be merged.
constexpr uint64_t common_fields =
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;

perf_event_attr attr_of(uint32_t type, uint64_t config, uint64_t period, uint64_t fields)
{
	perf_event_attr attr{};
	attr.type = type;
	attr.config = config;
	attr.sample_period = period;
	attr.sample_type = common_fields | fields;
	attr.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	attr.sample_id_all = 1;
	attr.exclude_guest = 1; // as perf sets it
	attr.disabled = 1;
	return attr;
}

} // namespace

std::vector<std::string> list_events(const lookup_paths &where)
{
	std::vector<std::string> all;
	for (const auto &source : names_in(where.devices)) {
		const auto events = names_in(fs::path(where.classes) / source / "events");
		for (const auto &each : events)
			all.push_back(source + ":" + each);
		if (events.empty())
			all.push_back(source);
	}
	return all;
}

result<described_event> find_event(std::string_view name, const lookup_paths &where)
{
	described_event found;
	found.name = name;
	const size_t colon = name.find(':');
	found.source = name.substr(0, colon);
	const auto sources = names_in(where.devices);
	if (std::find(sources.begin(), sources.end(), found.source) == sources.end())
		return system_error("there is no source \"" + found.source + "\": " +
					    (sources.empty()
						     ? "load the module (modprobe perfbuf)"
						     : "the sources are " + joined(sources)),
				    ENOENT);
	const fs::path directory = fs::path(where.classes) / found.source / "events";
	const auto events = names_in(directory);
	const std::string wanted(colon == std::string_view::npos ? "" : name.substr(colon + 1));
	if (wanted.empty() && events.empty()) {
		found.attr = attr_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 10'000'000,
				     PERF_SAMPLE_IP);
		found.decoder = decoder(found.attr);
		return found;
	}
	if (std::find(events.begin(), events.end(), wanted) == events.end())
		return system_error("the source " + found.source + " has no event \"" + wanted +
					    "\": its events are " + joined(events),
				    ENOENT);
	found.format_text = whole_text(directory / wanted / "format");
	auto format = parse_format(found.format_text);
	if (!format)
		return format.error();
	found.format = *std::move(format);
	found.attr = attr_of(PERF_TYPE_TRACEPOINT, found.format.id, 1, PERF_SAMPLE_RAW);
	found.decoder = decoder(found.attr);
	return found;
}

} // namespace perfbuf::reader
