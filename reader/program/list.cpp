// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command list: prints sources, their events and fields.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

command add_list(CLI::App &program)
{
	return {program.add_subcommand("list", "Show the sources and events that can be recorded"),
		[](const call &) { return list(); }};
}

int list()
{
	const auto sources = read_sources();
	if (sources.empty())
		throw failure(exit_failed, "there are no sources in /dev/perfbuf: load the module "
					   "with modprobe perfbuf, and see "
					   "perfbuf doctor");
	for (const auto &source : sources) {
		const auto attribute = [&](const char *name) {
			const auto found = source.attributes.find(name);
			return found == source.attributes.end() ? std::string() : found->second;
		};
		fmt::print("{:<16} {}\n", source.name, attribute("description"));
		std::string use;
		for (const char *name : {"files", "rings", "records", "lost"})
			if (const auto value = attribute(name); !value.empty())
				use += fmt::format("{}{} {}", use.empty() ? "" : ", ", value, name);
		if (!use.empty())
			fmt::print("{:<16} {}\n", "", use);
		if (source.name == counter_source)
			for (const auto &counter : all_counters())
				fmt::print("  {:<30}\n",
					   source.name + ":" + std::string(counter.name));
		for (const auto &event : source.events)
			fmt::print("  {:<30} {}\n", source.name + ":" + event.name,
				   field_names(event));
	}
	return 0;
}

} // namespace perfbuf::program
