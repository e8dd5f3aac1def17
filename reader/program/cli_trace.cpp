// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Declares and checks the options of trace.
#include "program/cli_trace.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <perfbuf/mapping.hpp>

#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/rights.hpp"

namespace perfbuf::program
{

const char *const trace_about =
	R"(Trace which functions of the kernel are entered, by whom and when; or show a trace.

  perfbuf trace -- cat /etc/hostname                 a command; its calls, once it has ended
  perfbuf trace --filter 'vfs_*,!vfs_fsync*' -- make some functions only
  perfbuf trace --filter ':mod:ext4' -a --duration 2 a module's, by whomever
  perfbuf trace -p 1234 -o trace.data                a process, into a file, until Ctrl-C
  perfbuf trace -i trace.data                        a line for each call, in order of time
  perfbuf trace -i trace.data --format histogram     how often each function was called
  perfbuf trace -i trace.data --format json          for Perfetto and chrome://tracing

Without -o what was traced is printed, and the command's own standard output goes to standard
error. Without a command and without -p the whole machine is traced until Ctrl-C. A trace holds
the names of the functions: it can be shown on another machine. Lines with -- in them say what is
missing, where and since when. The exit status is the command's; 1 if tracing failed, or if a
file is damaged (what is whole is shown); 2 if the command line is wrong. An earlier FILE is kept
as FILE.old.)";

void add_trace_options(CLI::App &app, trace_words &words)
{
	app.add_option("--filter", words.filters,
		       "which functions, with commas between: NAME (* and ? stand for any), "
		       "NAME:mod:MODULE or :mod:MODULE, and !NAME for those to leave out; may be "
		       "repeated [all]")
		->type_name("NAMES")
		->allow_extra_args(false);
	add_target_options(app, words.target);
	app.add_option("--aux-pages", words.aux_pages,
		       "each CPU's space for the trace: a power of two of pages, or a size as 512K "
		       "or 4M [4M]")
		->type_name("SIZE");
	app.add_option("-m,--mmap-pages", words.pages, "each CPU's ring beside it, likewise [16]")
		->type_name("SIZE");
	app.add_option("--tick", words.tick,
		       "how exact times are, in nanoseconds: a power of two. What is less exact "
		       "takes less space [16]")
		->type_name("NS");
	auto *output = app.add_option("-o,--output", words.output,
				      "record into this file, and print nothing")
			       ->type_name("FILE");
	app.add_option("-i,--input", words.input, "show this file")
		->type_name("FILE")
		->excludes(output);
	app.add_option("--format", words.format, "text, histogram or json [text]")
		->type_name("FORMAT")
		->excludes(output);
}

namespace
{

trace_format parse_format(const std::string &text)
{
	if (text.empty() || text == "text")
		return trace_format::text;
	if (text == "histogram")
		return trace_format::histogram;
	if (text == "json")
		return trace_format::json;
	throw failure(exit_usage, fmt::format("--format {}: give text, histogram or json", text));
}

} // namespace

trace_options finish_trace_options(const trace_words &words, std::vector<std::string> command,
				   std::vector<std::string> all)
{
	trace_options options;
	options.input = words.input;
	options.format = parse_format(words.format);
	record_options &record = options.record;
	const bool records = !words.filters.empty() || words.target.any() || !command.empty() ||
			     !words.tick.empty() || !words.pages.empty() ||
			     !words.aux_pages.empty();
	if (words.input && records)
		throw failure(exit_usage, "-i shows a trace that was recorded: leave out what says "
					  "how to record");
	record.events = {{std::string(trace_source), {}, {}}};
	for (const auto &filter : words.filters)
		record.events[0].filter += (record.events[0].filter.empty() ? "" : ",") + filter;
	record.command = std::move(command);
	record.may_trace = may_trace();
	record.arguments = std::move(all);
	record.output = words.output;
	record.side_band = false;
	record.pages = 16;
	if (!words.pages.empty())
		record.pages = parse_pages(words.pages, reader::page_size());
	if (!words.aux_pages.empty())
		record.aux_pages =
			parse_named_pages(words.aux_pages, "--aux-pages", reader::page_size());
	if (!words.tick.empty())
		record.tick_shift = parse_tick(words.tick);
	std::error_code ignored;
	if (record.output == "-" || std::filesystem::is_fifo(record.output, ignored))
		throw failure(exit_usage, "a trace cannot be written into a pipe: give -o FILE");
	finish_target(record, words.target);
	return options;
}

command add_trace(CLI::App &program)
{
	const auto words = std::make_shared<trace_words>();
	auto *app = program.add_subcommand("trace", trace_about)->prefix_command();
	add_trace_options(*app, *words);
	return {app, [words](const call &from) {
			return trace(finish_trace_options(*words, command_of(from), from.all),
				     from.open);
		}};
}

} // namespace perfbuf::program
