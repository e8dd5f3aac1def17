// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "program/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <perfbuf/mapping.hpp>
#include <unistd.h>

#include "program/cli_reach.hpp"
#include "program/cli_trace.hpp"
#include "program/commands.hpp"
#include "program/events.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/rights.hpp"
#include "program/say.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

class formatter : public CLI::Formatter
{
public:
	std::string make_usage(const CLI::App *app, std::string name) const override
	{
		std::string usage =
			CLI::Formatter::make_usage(app, name.empty() ? name : "perfbuf " + name);
		if (app->get_prefix_command())
			usage.insert(usage.find_last_not_of('\n') + 1, " [--] [COMMAND...]");
		return usage;
	}
};

// As written on the command line; checked once all of it is known.
struct record_words {
	std::vector<std::string> events;
	std::vector<std::string> filters;
	std::string frequency;
	std::string period;
	std::string call_graph;
	std::string pages;
	std::string aux_pages;
	std::string clock;
	reach_words reach;
	bool chains = false;
};

constexpr std::array<std::string_view, 6> commands{"record", "trace", "list",
						   "stat",   "exec",  "doctor"};

constexpr const char *about = R"(perfbuf: records from the sources of the perfbuf kernel module.

  perfbuf record -g -- ./program      records a command into perf.data
  perf report                         shows where its time went
  perfbuf trace -- ./program          shows which functions of the kernel it entered)";

constexpr const char *exec_about =
	R"(Run a command whose perf events are ours: each that it opens by perf_event_open(2) is opened in
/dev/perfbuf instead, the CPU clock of "clock" and all others of "pmu".

  perfbuf exec -- perf record -a -g -- sleep 10
  perfbuf exec -- perf top

Programs that are linked statically, or make the system call without libc, are not changed.)";

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

void add_record_options(CLI::App &app, record_options &options, record_words &words)
{
	app.add_option("-e,--event", words.events,
		       "what to record, as perfbuf list shows it: a source, a typed event "
		       "(mydev:tick, 'mydev:*'), a counter of the kernel's (pmu:page-faults), or "
		       "several with commas; may be repeated [clock]")
		->type_name("EVENT")
		->allow_extra_args(false);
	app.add_option("--filter", words.filters,
		       "of the typed events of the -e before it, only those that this holds for: "
		       "'queue == 3 && latency > 1000'; of functrace, these functions: see perfbuf "
		       "trace")
		->type_name("EXPR")
		->allow_extra_args(false);
	auto *frequency =
		app.add_option("-F,--freq", words.frequency, "samples per second, or max [999]")
			->type_name("HZ");
	app.add_option("-c,--count", words.period,
		       "every Nth of each typed event [1]; without typed events, nanoseconds from "
		       "sample to sample in place of -F")
		->type_name("N")
		->excludes(frequency);
	add_reach_options(app, words.reach);
	auto *chains = app.add_flag("-g", words.chains, "the callers too, by frame pointers");
	app.add_option("--call-graph", words.call_graph,
		       "the callers too: fp (frame pointers), dwarf, or dwarf,BYTES of stack per "
		       "sample [8192]")
		->type_name("HOW")
		->excludes(chains);
	app.add_option("-m,--mmap-pages", words.pages,
		       "each CPU's ring: a power of two of pages, or a size as 512K or 4M [128]")
		->type_name("SIZE");
	app.add_option("--aux-pages", words.aux_pages,
		       "the area of each stream of functrace, or of a driver that fills one: as "
		       "-m [1024]")
		->type_name("SIZE");
	app.add_option("-o,--output", options.output,
		       "the file; - writes to standard output, for perf's -i -")
		->type_name("FILE")
		->capture_default_str();
	auto *kernel = app.add_flag("--exclude-kernel", options.exclude_kernel,
				    "no samples in the kernel");
	app.add_flag("--exclude-user", options.exclude_user, "no samples in user space")
		->excludes(kernel);
	app.add_flag("--exclude-idle", options.exclude_idle, "no samples of idle CPUs");
	app.add_option("--clockid", words.clock,
		       "the clock of the samples' times: monotonic, monotonic_raw, realtime, "
		       "boottime, tai [perf's own]")
		->type_name("CLOCK");
}

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
void take_events(record_options &options, const CLI::App &app, const record_words &words)
{
	const auto *event = app.get_option("--event");
	const auto *filter = app.get_option("--filter");
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

void finish_record_options(record_options &options, const record_words &words)
{
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
	finish_reach(options, words.reach);
}

// Everything from the first word on that is no option of ours: perfbuf record ls -l.
std::vector<std::string> command_of(const CLI::App &app,
				    const std::vector<std::string> &behind_dashes)
{
	std::vector<std::string> command = app.remaining();
	if (!command.empty() && command[0].starts_with('-'))
		throw failure(exit_usage,
			      fmt::format("there is no option {}: see perfbuf {} --help",
					  command[0], app.get_name()));
	command.insert(command.end(), behind_dashes.begin(), behind_dashes.end());
	if (!command.empty() && command[0].empty())
		throw failure(exit_usage, "the name of the command is empty: give one behind --");
	return command;
}

// An empty value is mostly a variable of a shell's that was not set, and never means "not given":
// without its -p a recording would be of the whole machine.
void refuse_empty_values(CLI::App &app)
{
	for (auto *option : app.get_options())
		if (option->get_items_expected_max() > 0)
			option->check([option](const std::string &value) {
				return value.empty() ? fmt::format("its value is empty: give {}, "
								   "or leave the option out",
								   option->get_type_name())
						     : std::string();
			});
}

// A file that we open must not become a standard stream that was closed. What stands there instead
// can be neither read nor written, and the command finds it closed as we did.
void fill_standard_streams()
{
	for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
		if (::fcntl(fd, F_GETFD) < 0)
			(void)::open("/dev/null",
				     (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

// What was printed may still be on its way, and exit() would not tell.
void flush_output()
{
	errno = 0;
	if (std::fflush(stdout) != 0 || std::ferror(stdout))
		throw explain_output(errno ? errno : EIO);
}

int run_parsed(std::vector<std::string> words, const opener &open)
{
	const std::vector<std::string> all = words;
	// What stands behind "--" is the command's, whatever it looks like.
	const auto dashes = std::find(words.begin(), words.end(), "--");
	std::vector<std::string> behind(dashes, words.end());
	words.erase(dashes, words.end());

	CLI::App app(about);
	app.formatter(std::make_shared<formatter>());
	app.require_subcommand(1);
	app.set_version_flag("--version", "perfbuf " PERFBUF_VERSION);
	record_options options;
	record_words texts;
	std::string stat_event = "clock";
	std::string stat_interval = "1";
	auto *record_app = app.add_subcommand("record", record_about)->prefix_command();
	add_record_options(*record_app, options, texts);
	trace_words trace_texts;
	auto *trace_app = app.add_subcommand("trace", trace_about)->prefix_command();
	add_trace_options(*trace_app, trace_texts);
	auto *list_app =
		app.add_subcommand("list", "Show the sources and events that can be recorded");
	auto *stat_app =
		app.add_subcommand("stat", "Show what each source, its events and its readers do "
					   "and lose; with a command, count its time or "
					   "an event")
			->prefix_command();
	bool stat_all = false;
	stat_app->add_flag("-a,--all-cpus", stat_all,
			   "with a command: count on the whole machine while it runs");
	stat_app->add_option("-e,--event", stat_event,
			     "with a command: what is counted, as for record")
		->type_name("EVENT")
		->capture_default_str();
	stat_app->add_option("--interval", stat_interval,
			     "without a command: how long to look for the rates")
		->type_name("TIME")
		->capture_default_str();
	auto *exec_app = app.add_subcommand("exec", exec_about)->prefix_command();
	auto *doctor_app = app.add_subcommand(
		"doctor", "Check whether recording would work here, and say what to do if not");
	for (auto *each : app.get_subcommands({}))
		refuse_empty_values(*each);

	if (words.size() < 2)
		throw failure(
			exit_usage,
			"give a command: record, trace, list, stat, exec or doctor; see perfbuf "
			"--help");
	if (!words[1].starts_with('-') &&
	    std::find(commands.begin(), commands.end(), words[1]) == commands.end())
		throw failure(exit_usage, fmt::format("there is no command {}: give record, trace, "
						      "list, stat, exec or doctor",
						      words[1]));
	try {
		std::vector<std::string> reversed(words.rbegin(), std::prev(words.rend()));
		app.parse(reversed);
	} catch (const CLI::Success &asked) {
		return app.exit(asked);
	} catch (const CLI::ParseError &wrong) {
		const bool known = !words[1].starts_with('-');
		throw failure(exit_usage, fmt::format("{}; see perfbuf {}--help", wrong.what(),
						      known ? words[1] + " " : ""));
	}

	// The program's own "--" goes; one that follows a command is that command's.
	CLI::App *chosen = app.get_subcommands().front();
	if (!behind.empty() && (chosen->remaining().empty()))
		behind.erase(behind.begin());
	if (chosen == record_app) {
		options.arguments = all;
		options.command = command_of(*record_app, behind);
		take_events(options, *record_app, texts);
		finish_record_options(options, texts);
		options.may_trace = may_trace();
		return record(options, open);
	}
	if (chosen == trace_app)
		return trace(finish_trace_options(trace_texts, command_of(*trace_app, behind), all),
			     open);
	if (chosen == stat_app) {
		const auto command = command_of(*stat_app, behind);
		if (command.empty() && stat_app->count("--event"))
			throw failure(exit_usage, "-e is what a command is counted by: give one, "
						  "as in perfbuf stat -e clock -- true");
		if (command.empty() && stat_all)
			throw failure(exit_usage, "-a counts while a command runs: give one, as in "
						  "perfbuf stat -a -e clock -- sleep 1");
		if (!command.empty() && stat_app->count("--interval"))
			throw failure(exit_usage, "--interval is for what all do, without a "
						  "command: leave one of them out");
		return command.empty() ? stat(parse_duration(stat_interval))
				       : stat_command(stat_event, stat_all, command, open);
	}
	if (chosen == exec_app) {
		const auto command = command_of(*exec_app, behind);
		if (command.empty())
			throw failure(exit_usage, "give a command to run, as in perfbuf exec -- "
						  "perf top");
		exec(command);
	}
	return chosen == list_app ? list() : chosen == doctor_app ? doctor(open) : exit_usage;
}

} // namespace

int run(int argc, char **argv, const opener &open)
{
	fill_standard_streams();
	try {
		const int status = run_parsed({argv, argv + argc}, open);
		flush_output();
		return status;
	} catch (const failure &why) {
		say("perfbuf: {}\n", why.what());
		return why.status();
	} catch (const std::exception &why) {
		say("perfbuf: {}\n", why.what());
		return exit_failed;
	}
}

reader::result<reader::file> open_device(const std::string &source, const perf_event_attr &attr,
					 pid_t pid, int cpu)
{
	auto file = reader::file::open(source);
	if (file)
		if (auto done = file->configure(attr, pid, cpu); !done)
			return done.error();
	return file;
}

} // namespace perfbuf::program
