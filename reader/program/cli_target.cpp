// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Declares and checks the options for CPUs, processes and the duration.
#include <CLI/CLI.hpp>

#include "program/cli_target.hpp"

#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/threads.hpp"

namespace perfbuf::program
{

bool target_words::any() const
{
	return all_cpus || !cpus.empty() || !pids.empty() || !tids.empty() || !duration.empty();
}

void add_target_options(CLI::App &app, target_words &words)
{
	app.add_flag("-a,--all-cpus", words.all_cpus, "the whole machine");
	app.add_option("-C,--cpu", words.cpus, "these CPUs only, with all that runs there: 0-3,8")
		->type_name("LIST");
	app.add_option("-p,--pid", words.pids, "these processes: 1234,5678")->type_name("LIST");
	app.add_option("-t,--tid", words.tids,
		       "these threads alone, without their children: 1234,5678")
		->type_name("LIST");
	app.add_option("--duration", words.duration, "stop after so long: 10, 0.5, 500ms, 2m")
		->type_name("TIME");
}

void finish_target(record_options &options, const target_words &words)
{
	options.all_cpus = words.all_cpus;
	if (!words.cpus.empty())
		options.cpus = parse_cpus(words.cpus);
	if (!words.pids.empty())
		options.pids = parse_pids(words.pids);
	if (!words.tids.empty()) {
		if (!options.pids.empty())
			throw failure(exit_usage, "-p records all threads of a process, -t some: "
						  "give one of them");
		options.tids = parse_pids(words.tids);
		options.pids = processes_of(options.tids);
	}
	if (!words.duration.empty())
		options.duration = parse_duration(words.duration);
	if (options.all_cpus && !options.pids.empty())
		throw failure(exit_usage,
			      "-a records every process, -p and -t some: give one of them");
	if (options.pids.empty() && (options.command.empty() || !options.cpus.empty()))
		options.all_cpus = true;
}

} // namespace perfbuf::program
