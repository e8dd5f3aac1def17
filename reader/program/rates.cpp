// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Computes and prints rates from two readings of a source's attributes.
#include "program/rates.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

#include "program/parse.hpp"

namespace perfbuf::program
{

namespace
{

using words = std::map<std::string, std::string>;

uint64_t number(const words &of, const std::string &name)
{
	uint64_t value = 0;
	if (const auto found = of.find(name); found != of.end())
		std::from_chars(found->second.data(), found->second.data() + found->second.size(),
				value);
	return value;
}

std::string text(const words &of, const std::string &name)
{
	const auto found = of.find(name);
	return found == of.end() ? "" : found->second;
}

// "1,234 records (56.0/s)"; a count that fell is of something that began anew.
std::string counted(const char *noun, uint64_t before, uint64_t now, double seconds)
{
	const double rate =
		seconds > 0 && now > before ? static_cast<double>(now - before) / seconds : 0;
	return fmt::format("{} {} ({:.1f}/s)", group_digits(now), noun, rate);
}

// The lines of `readers`, "id=12 config=7 cpu=0 of=all records=500 lost=3", by id.
std::map<uint64_t, words> read_readers(const source &of)
{
	std::map<uint64_t, words> readers;
	std::istringstream lines(text(of.attributes, "readers"));
	for (std::string line; std::getline(lines, line);) {
		words reader;
		std::istringstream items(line);
		for (std::string item; items >> item;)
			if (const size_t at = item.find('='); at != std::string::npos)
				reader[item.substr(0, at)] = item.substr(at + 1);
		readers[number(reader, "id")] = reader;
	}
	return readers;
}

std::string event_name(const source &of, const words &reader)
{
	const uint64_t id = number(reader, "config");
	for (const auto &event : of.events)
		if (event.id == id)
			return of.name + ":" + event.name;
	return of.name;
}

// "full 12, too big 1", of those that there were.
std::string causes(const auto &attributes)
{
	constexpr std::string_view prefix = "lost_";
	std::string all;
	for (const auto &[name, _] : attributes) {
		if (!name.starts_with(prefix) || !number(attributes, name))
			continue;
		std::string cause = name.substr(prefix.size());
		std::replace(cause.begin(), cause.end(), '_', ' ');
		all += fmt::format("{}{} {}", all.empty() ? "" : ", ",
				   group_digits(number(attributes, name)), cause);
	}
	return all.empty() ? "" : ": " + all;
}

struct totals {
	uint64_t files = 0;
	uint64_t records_before = 0;
	uint64_t records = 0;
	uint64_t lost_before = 0;
	uint64_t lost = 0;

	void add(const words &earlier, const words &now)
	{
		files++;
		records_before += number(earlier, "records");
		records += number(now, "records");
		lost_before += number(earlier, "lost");
		lost += number(now, "lost");
	}

	std::string text(double seconds) const
	{
		return counted("records", records_before, records, seconds) + ", " +
		       counted("lost", lost_before, lost, seconds);
	}
};

} // namespace

std::string describe_rates(const source &before, const source &now,
			   std::chrono::duration<double> between)
{
	const double seconds = between.count();
	const auto total = [&](const char *name) {
		return counted(name, number(before.attributes, name), number(now.attributes, name),
			       seconds);
	};
	std::string out = fmt::format("{}\n  {:<30} {}\n", now.name, "description",
				      text(now.attributes, "description"));
	out += fmt::format("  {:<30} {}, {}{}\n", "in all", total("records"), total("lost"),
			   causes(now.attributes));
	out += fmt::format("  {:<30} {} files, {} rings\n", "open",
			   group_digits(number(now.attributes, "files")),
			   group_digits(number(now.attributes, "rings")));

	const auto earlier = read_readers(before);
	const auto readers = read_readers(now);
	std::map<std::string, totals> events;
	for (const auto &event : now.events)
		events[now.name + ":" + event.name];
	std::string files;
	for (const auto &[id, reader] : readers) {
		const auto same = earlier.find(id);
		// A file that was opened meanwhile has been written to only since.
		const words then = same == earlier.end() ? words() : same->second;
		totals totals;
		totals.add(then, reader);
		const std::string event = event_name(now, reader);
		if (!now.events.empty())
			events[event].add(then, reader);
		std::string file =
			fmt::format("reader {} of {}, CPU {}", id, event, text(reader, "cpu"));
		if (reader.contains("name"))
			file += fmt::format(", {} ({})", text(reader, "name"), text(reader, "pid"));
		files += fmt::format("  {:<30} {}{}\n", file, totals.text(seconds), causes(reader));
	}
	// Without readers an event is not counted; what those of before had is in the source's sum.
	for (const auto &[name, totals] : events)
		out += totals.files
			       ? fmt::format("  {:<30} {} reader{}, {}\n", name, totals.files,
					     totals.files == 1 ? "" : "s", totals.text(seconds))
			       : fmt::format("  {:<30} no readers\n", name);
	return out + files;
}

} // namespace perfbuf::program
