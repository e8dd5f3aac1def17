// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <memory>

#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *stat_about =
	"Show what each source, its events and its readers do and lose; with a command, count its "
	"time or an event";

} // namespace

command add_stat(CLI::App &program)
{
	struct words {
		bool all = false;
		std::string event = "clock";
		std::string interval = "1";
	};
	const auto of = std::make_shared<words>();
	auto *app = program.add_subcommand("stat", stat_about)->prefix_command();
	app->add_flag("-a,--all-cpus", of->all,
		      "with a command: count on the whole machine while it runs");
	app->add_option("-e,--event", of->event, "with a command: what is counted, as for record")
		->type_name("EVENT")
		->capture_default_str();
	app->add_option("--interval", of->interval,
			"without a command: how long to look for the rates")
		->type_name("TIME")
		->capture_default_str();
	return {app, [of](const call &from) {
			const auto command = command_of(from);
			if (command.empty() && from.app.count("--event"))
				throw failure(exit_usage,
					      "-e is what a command is counted by: give one, as in "
					      "perfbuf stat -e clock -- true");
			if (command.empty() && of->all)
				throw failure(exit_usage,
					      "-a counts while a command runs: give one, as in "
					      "perfbuf stat -a -e clock -- sleep 1");
			if (!command.empty() && from.app.count("--interval"))
				throw failure(exit_usage,
					      "--interval is for what all do, without a command: "
					      "leave one of them out");
			return command.empty()
				       ? stat(parse_duration(of->interval))
				       : stat_command(of->event, of->all, command, from.open);
		}};
}

} // namespace perfbuf::program
