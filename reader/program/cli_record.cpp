// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Declares and checks the options of record and of the commands that record.
#include "program/cli_record.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <perfbuf/mapping.hpp>

#include "program/cgroups.hpp"
#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/rights.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *record_about =
	R"(Record samples into a file that perf report, perf script and their like read.

  perfbuf record -- make              a command, until it ends
  perfbuf record -a --duration 10     the whole machine, for ten seconds
  perfbuf record -p 1234              a process with its threads and children, until Ctrl-C
  perfbuf record -a -o - | perf script -i -
  perfbuf record -a -e mydev:tick --filter 'count > 9'

Without a command and without -p, the whole machine is recorded until Ctrl-C. The exit
status is the command's; 1 if recording failed; 2 if the command line is wrong; 126 or 127
if the command cannot be run. A signal that ends the recording ends perfbuf with that
signal, once the file is complete. An earlier FILE is kept as FILE.old.)";

struct rate_limit {
	uint64_t hertz;
	std::string set_by;
};

// The module's own, or, where there is none to ask, perf's.
rate_limit read_rate_limit()
{
	const std::string ours = "/sys/module/perfbuf/parameters/max_sample_rate";
	const std::string text = first_line(ours);
	const std::string other = first_line("/proc/sys/kernel/perf_event_max_sample_rate");
	rate_limit limit{100'000,
			 text.empty() ? "kernel.perf_event_max_sample_rate with sysctl" : ours};
	const std::string &used = text.empty() ? other : text;
	std::from_chars(used.data(), used.data() + used.size(), limit.hertz);
	return limit;
}

// A filter belongs to the -e before it, so what counts is the order of the two.
void choose_events(record_options &options, const CLI::App &app, const record_words &words)
{
	// A command may have chosen the events by itself.
	if (words.events.empty() && words.filters.empty())
		return;
	const auto *event = app.get_option("--event");
	const auto *filter = app.get_option_no_throw("--filter");
	size_t events = 0;
	size_t filters = 0;
	size_t first = 0; // of the last -e
	if (!words.events.empty())
		options.events.clear();
	for (const auto *each : app.parse_order()) {
		if (each == event) {
			first = options.events.size();
			for (auto &choice : parse_events(words.events[events++]))
				options.events.push_back(std::move(choice));
		} else if (each == filter) {
			const std::string &text = words.filters[filters++];
			if (!events || !options.events[first].filter.empty())
				throw failure(
					exit_usage,
					fmt::format("--filter '{}': give one expression after "
						    "the -e that it is for",
						    text));
			for (size_t at = first; at < options.events.size(); at++)
				options.events[at].filter = text;
		}
	}
}

void finish_switches(record_options &options, const record_words &words)
{
	if (!words.switches.empty())
		options.switches = parse_switch(words.switches);
	if (!words.most_files.empty())
		options.most_files = parse_file_count(words.most_files);
	if (options.most_files && !options.switches)
		throw failure(exit_usage, "--switch-max-files is of the files of --switch-output: "
					  "give both");
	if (options.switches && options.output == "-")
		throw failure(exit_usage, "--switch-output writes several files: give -o FILE in "
					  "place of -o -");
	if (options.overwrite && options.switches && options.switches->bytes)
		throw failure(exit_usage,
			      "with --overwrite the file does not grow until it is asked for: give "
			      "--switch-output=signal, or a time in place of a size");
}

} // namespace

void add_event_option(CLI::App &app, record_words &words)
{
	app.add_option("-e,--event", words.events,
		       "what to record, as perfbuf list shows it: a source, a typed event "
		       "(mydev:tick, 'mydev:*'), a counter of the kernel's (pmu:page-faults), or "
		       "several with commas; may be repeated [clock]")
		->type_name("EVENT")
		->allow_extra_args(false);
}

void add_cgroup_option(CLI::App &app, record_words &words)
{
	app.add_option("-G,--cgroup", words.cgroups,
		       "of the CPUs of -a or -C, only tasks of these cgroups and of those below "
		       "them: one for all events, or a list in the order of the events, in which "
		       "an empty name is all tasks")
		->type_name("NAME,...")
		->allow_extra_args(false);
}

void add_event_options(CLI::App &app, record_words &words)
{
	add_event_option(app, words);
	app.add_option("--filter", words.filters,
		       "of the typed events of the -e before it, only those that this holds for: "
		       "'queue in (1, 2) && latency > 50us'; of functrace, these functions: see "
		       "perfbuf "
		       "trace")
		->type_name("EXPR")
		->allow_extra_args(false);
}

void add_sampling_options(CLI::App &app, record_options &options, record_words &words)
{
	auto *frequency =
		app.add_option("-F,--freq", words.frequency, "samples per second, or max [999]")
			->type_name("HZ");
	app.add_option("-c,--count", words.period,
		       "every Nth of each typed event [1]; without typed events, nanoseconds from "
		       "sample to sample in place of -F")
		->type_name("N")
		->excludes(frequency);
	add_target_options(app, words.target);
	auto *chains = app.add_flag("-g", words.chains, "the callers too, by frame pointers");
	app.add_option("--call-graph", words.call_graph,
		       "the callers too: fp (frame pointers), dwarf, or dwarf,BYTES of stack per "
		       "sample [8192]")
		->type_name("HOW")
		->excludes(chains);
	auto *kernel = app.add_flag("--exclude-kernel", options.exclude_kernel,
				    "no samples in the kernel");
	app.add_flag("--exclude-user", options.exclude_user, "no samples in user space")
		->excludes(kernel);
	app.add_flag("--exclude-idle", options.exclude_idle, "no samples of idle CPUs");
}

void add_ring_options(CLI::App &app, record_words &words)
{
	app.add_option("-m,--mmap-pages", words.pages,
		       "each CPU's ring: a power of two of pages, or a size as 512K or 4M [128]")
		->type_name("SIZE");
	app.add_option("--aux-pages", words.aux_pages,
		       "the area of each stream of functrace, or of a driver that fills one: as "
		       "-m [1024]")
		->type_name("SIZE");
}

void finish_record_options(record_options &options, const CLI::App &app, const record_words &words)
{
	choose_events(options, app, words);
	options.may_trace = may_trace();
	if (!words.period.empty())
		options.period = parse_period(words.period);
	else if (const auto limit = read_rate_limit(); !words.frequency.empty())
		options.frequency = parse_frequency(words.frequency, limit.hertz, limit.set_by);
	else
		options.frequency = std::min(options.frequency, limit.hertz);
	if (!words.pages.empty())
		options.pages = parse_pages(words.pages, reader::page_size());
	if (!words.aux_pages.empty())
		options.aux_pages =
			parse_named_pages(words.aux_pages, "--aux-pages", reader::page_size());
	if (!words.clock.empty())
		options.clock = parse_clock(words.clock);
	if (words.chains)
		options.chains = call_graph::frame_pointers;
	if (!words.call_graph.empty())
		std::tie(options.chains, options.stack_bytes) = parse_call_graph(words.call_graph);
	finish_target(options, words.target);
	if (words.cgroups.empty())
		return;
	options.cgroups = parse_cgroups(words.cgroups);
	if (!options.all_cpus)
		throw failure(exit_usage, "-G is of the tasks that run on CPUs: give -a or -C, and "
					  "neither -p nor -t");
}

command add_record(CLI::App &program)
{
	struct state {
		record_options options;
		record_words words;
	};
	const auto of = std::make_shared<state>();
	auto *app = program.add_subcommand("record", record_about)->prefix_command();
	add_event_options(*app, of->words);
	add_sampling_options(*app, of->options, of->words);
	add_cgroup_option(*app, of->words);
	add_ring_options(*app, of->words);
	app->add_option("-o,--output", of->options.output,
			"the file; - writes to standard output, for perf's -i -")
		->type_name("FILE")
		->capture_default_str();
	app->add_option("--clockid", of->words.clock,
			"the clock of the samples' times: monotonic, monotonic_raw, realtime, "
			"boottime, tai [perf's own]")
		->type_name("CLOCK");
	app->add_option(
		   "-D,--delay", of->words.delay,
		   "begin to record so long after the start: 500ms, 10; -1: when --control says "
		   "enable")
		->type_name("TIME");
	app->add_option("--control", of->options.control,
			"commands while it records (enable, disable, snapshot, stop, ping), a line "
			"each, "
			"from fifo:PATH or fd:NUMBER; behind a comma another one for \"ack\"")
		->type_name("WHERE");
	app->add_option("--max-size", of->words.max_size,
			"end the recording when the file has about so much: 500K, 10M, 2G")
		->type_name("SIZE");
	app->add_flag("--overwrite", of->options.overwrite,
		      "the rings keep the newest records, which are written when --switch-output "
		      "says so, and at the end");
	app->add_option("--switch-output", of->words.switches,
			"go on in another file, and call this one FILE.<time>, at each SIGUSR2 and "
			"snapshot of --control, and when it has a size (=100M) or after a time "
			"(=30s)")
		->type_name("WHEN")
		->expected(0, 1)
		->default_str("signal");
	app->add_option("--switch-max-files", of->words.most_files,
			"keep so many of these files, the newest [all]")
		->type_name("N");
	app->add_option("-z,--compression-level", of->words.level,
			"compress the records by zstd, as perf record -z: levels 1 (fast) to 22 "
			"(small), directly behind it: -z6")
		->type_name("LEVEL")
		->expected(0, 1)
		->default_str("1");
	app->add_flag("--exclude-perf", of->options.exclude_perf, "no samples of perfbuf itself");
	auto *quiet =
		app->add_flag("-q,--quiet", of->options.quiet, "say nothing but what is wrong");
	app->add_flag("-v,--verbose", of->options.verbose, "say which files are opened")
		->excludes(quiet);
	return {app, [of](const call &from) {
			of->options.arguments = from.all;
			of->options.command = command_of(from);
			if (of->words.delay == "-1")
				of->options.starts_disabled = true;
			else if (!of->words.delay.empty())
				of->options.delay = parse_duration(of->words.delay);
			if (!of->words.max_size.empty())
				of->options.max_size = parse_size(of->words.max_size, "--max-size");
			finish_switches(of->options, of->words);
			if (!of->words.level.empty())
				of->options.compression_level = parse_level(of->words.level);
			if (of->options.starts_disabled && of->options.control.empty())
				throw failure(exit_usage,
					      "-D -1 waits for --control to say enable: "
					      "give both");
			finish_record_options(of->options, from.app, of->words);
			return record(of->options, from.open);
		}};
}

} // namespace perfbuf::program
