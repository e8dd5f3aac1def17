// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command dump: lists recorders, and prints or saves the events of one.
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/ioctl.h>

#include "program/cli_recorder.hpp"
#include "program/failure.hpp"
#include "program/recorder_node.hpp"
#include "program/recorder_output.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

namespace
{

struct listed {
	uint64_t number = 0;
	std::string source;
	bool kept = false;
	std::string line;
};

std::vector<listed> list_recorders()
{
	std::vector<listed> all;
	std::ifstream file(recorder_node);
	for (std::string line; std::getline(file, line);) {
		listed entry;
		line.erase(line.find_last_not_of(' ') + 1);
		entry.line = line;
		std::istringstream words(line);
		for (std::string word; words >> word;) {
			const size_t equals = word.find('=');
			const std::string key = word.substr(0, equals);
			const std::string value =
				word.substr(std::min(equals, word.size() - 1) + 1);
			if (key == "number")
				std::from_chars(value.data(), value.data() + value.size(),
						entry.number);
			if (key == "source")
				entry.source = value;
			if (key == "state")
				entry.kept = value == "kept";
		}
		all.push_back(std::move(entry));
	}
	return all;
}

// The one that is registered, else the newest that was kept.
listed find_recorder(const std::string &wanted, const std::vector<listed> &all)
{
	const size_t sharp = wanted.find('#');
	const std::string source = wanted.substr(0, sharp);
	const listed *best = nullptr;
	uint64_t number = 0;
	if (sharp != std::string::npos) {
		const char *end = wanted.data() + wanted.size();
		const auto [stop, bad] = std::from_chars(wanted.data() + sharp + 1, end, number);
		if (bad != std::errc() || stop != end)
			throw failure(exit_usage,
				      fmt::format("'{}': give SOURCE or SOURCE#NUMBER", wanted));
	}
	for (const auto &each : all)
		if (each.source == source && (!number || each.number == number) &&
		    (!best || (best->kept && !each.kept)))
			best = &each;
	if (!best)
		throw failure(exit_failed,
			      fmt::format("{} has no recorder: see perfbuf dump for those that "
					  "there are, and docs/recorder.md for how to get one",
					  wanted));
	return *best;
}

[[noreturn]] void explain(const listed &of, int error)
{
	if (error == ENOENT)
		throw failure(exit_failed,
			      fmt::format("the recorder of {} has just gone", of.source));
	if (error == EPERM)
		throw failure(exit_failed, "the kernel is locked down for confidentiality: no "
					   "recorder can be read");
	throw failure(exit_failed,
		      fmt::format("{}: {}", of.source, std::generic_category().message(error)));
}

recorder::contents take_snapshot(int fd, const listed &of)
{
	perfbuf_snapshot wanted{of.number, 0, 0};
	if (!::ioctl(fd, PERFBUF_IOC_SNAPSHOT, &wanted) || errno != ENOSPC)
		explain(of, errno);
	const present_memory to(wanted.bytes);
	wanted.buffer = reinterpret_cast<uintptr_t>(to.all().data());
	if (::ioctl(fd, PERFBUF_IOC_SNAPSHOT, &wanted))
		explain(of, errno);
	auto made = recorder::parse_snapshot(to.all().first(wanted.bytes));
	if (!made)
		throw plain_failure(made.error());
	return std::move(*made);
}

} // namespace

int dump(const dump_options &options)
{
	if (!options.pid.empty() && options.previous_boot)
		throw failure(exit_usage,
			      "a process of the boot before is gone: leave out --pid or "
			      "--previous-boot");
	if (!options.pid.empty())
		return dump_process(options);
	if (options.previous_boot)
		return dump_previous_boot(options);
	const reader::unique_fd fd = open_recorder_node();
	const auto all = list_recorders();
	if (options.recorder.empty()) {
		for (const auto &each : all)
			fmt::print("{}\n", each.line);
		if (all.empty())
			say("perfbuf: no driver has a recorder: see docs/recorder.md\n");
		return 0;
	}
	const listed chosen = find_recorder(options.recorder, all);
	const recorder::contents found = take_snapshot(fd.get(), chosen);
	recorder::omissions left_out;
	const std::vector<recorder_events> events{
		{&found,
		 recorder::events_of(found.rings, found.of, recorder::moment::live, left_out)}};
	write_events(events, options.output, options.arguments);
	say("[ perfbuf: {} of {} ]\n", summary(events, left_out), chosen.source);
	if (chosen.kept && !options.keep) {
		uint64_t number = chosen.number;
		if (::ioctl(fd.get(), PERFBUF_IOC_FREE_RECORDER, &number) && errno != ENOENT)
			explain(chosen, errno);
	}
	return 0;
}

} // namespace perfbuf::program
