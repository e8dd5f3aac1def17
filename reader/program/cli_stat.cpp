// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Declares the options of stat.
#include <CLI/CLI.hpp>
#include <memory>

#include "program/cli_record.hpp"
#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *stat_about =
	R"(Count events; or show what each source, its events and its readers do and lose.

  perfbuf stat                                    each source, its events and its readers
  perfbuf stat -e clock,mydev:tick -- make        what a command does
  perfbuf stat -a -e 'mydev:*' --duration 10      on the whole machine
  perfbuf stat -p 1234 -e pmu:page-faults         a process, until Ctrl-C

The exit status is the command's.)";

} // namespace

command add_stat(CLI::App &program)
{
	struct words {
		record_options options;
		record_words record;
		std::string interval = "1";
	};
	const auto of = std::make_shared<words>();
	auto *app = program.add_subcommand("stat", stat_about)->prefix_command();
	add_event_option(*app, of->record);
	add_target_options(*app, of->record.target);
	add_cgroup_option(*app, of->record);
	app->add_option("--interval", of->interval,
			"of what all do, without anything to count: how long to look for the rates")
		->type_name("TIME")
		->capture_default_str();
	return {app, [of](const call &from) {
			auto &options = of->options;
			options.command = command_of(from);
			const bool has_target =
				of->record.target.any() || !of->record.cgroups.empty();
			if (options.command.empty() && !has_target) {
				if (from.app.count("--event"))
					throw failure(exit_usage,
						      "-e says what is counted: give a command, -a "
						      "or -p, "
						      "as in perfbuf stat -e clock -- true");
				return stat(parse_duration(of->interval));
			}
			if (from.app.count("--interval"))
				throw failure(exit_usage,
					      "--interval is for what all do: leave it out where "
					      "something is counted, and give --duration");
			finish_record_options(options, from.app, of->record);
			return stat_command(options, from.open);
		}};
}

} // namespace perfbuf::program
