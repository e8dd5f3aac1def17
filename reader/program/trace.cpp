// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command trace: records function calls, and prints them.
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <unordered_set>

#include "program/attr.hpp"
#include "program/commands.hpp"
#include "program/destination.hpp"
#include "program/drain.hpp"
#include "program/events.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/open_files.hpp"
#include "program/parse.hpp"
#include "program/recording_loop.hpp"
#include "program/say.hpp"
#include "program/threads.hpp"
#include "program/trace_file.hpp"
#include "program/workload.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

std::string count(uint64_t of, std::string_view noun)
{
	return fmt::format("{} {}{}", group_digits(of), noun, of == 1 ? "" : "s");
}

// The fault of a file, as a sentence. Empty: none.
std::string describe_damage(const tracefile::damage &of, uint64_t unreadable,
			    const std::string &name)
{
	if (of.bad_bytes || of.missing_chunks)
		return fmt::format("{} is damaged: {} of it do not hold{}, and what is whole is "
				   "shown{}",
				   name, human_size(of.bad_bytes),
				   of.missing_chunks
					   ? fmt::format(" and {} are missing",
							 count(of.missing_chunks, "chunk"))
					   : "",
				   of.unfinished ? "; its end is not there" : "");
	if (of.unfinished)
		return fmt::format(
			"{} has no end: it was cut, or its recording was killed; what is "
			"there is shown",
			name);
	if (unreadable)
		return fmt::format(
			"{} of {} say nothing, although its checks hold: the source wrote "
			"them so; install perfbuf and its module from one version",
			human_size(unreadable), name);
	return {};
}

void print_summary(const tracefile::totals &seen)
{
	const auto missing = seen.all();
	std::string more;
	if (missing.full)
		more += fmt::format(", the buffer was full {}", count(missing.full, "time"));
	if (missing.bytes)
		more += fmt::format(", {} unreadable", human_size(missing.bytes));
	say("[ perfbuf: {} of {}{}, {} lost{}{} ]\n", count(seen.calls, "call"),
	    seen.of_others ? "more than " : "", count(seen.by_function.size(), "function"),
	    group_digits(missing.calls), missing.gaps ? " in " + count(missing.gaps, "place") : "",
	    more);
}

// @return the exit status
int show(reader::unique_fd from, const std::string &name, trace_format how)
{
	auto file = tracefile::reader_file::open(std::move(from), name);
	if (!file)
		throw file.error().code.value() == EPROTO
			? failure(exit_failed, file.error().text)
			: explain_read(name, file.error().code.value());
	const auto seen =
		tracefile::show(*file,
				how == trace_format::json	 ? tracefile::format::json
				: how == trace_format::histogram ? tracefile::format::histogram
								 : tracefile::format::text,
				stdout);
	if (!seen)
		throw explain_output(seen.error().code.value());
	print_summary(*seen);
	const std::string damage = describe_damage(file->damaged(), seen->all().bytes, name);
	if (damage.empty())
		return 0;
	throw failure(exit_failed, damage);
}

// One recording, from the files to the last byte.
class trace_session
{
public:
	trace_session(const record_options &options, const opener &open, const signals &watched);

	/** @return the exit status */
	int run();
	std::optional<int> signal() const noexcept { return loop_.signal(); }
	reader::unique_fd release_file() noexcept { return trace_->release_file(); }
	/** Of a trace that is shown next: the fault to report after it. */
	const std::optional<failure> &damage() const noexcept { return damage_; }

private:
	bool pass(bool last);
	void finish();

	const record_options &options_;
	std::optional<workload> child_;
	std::vector<chosen_event> events_;
	std::vector<perf_event_attr> attrs_;
	open_files files_;
	std::optional<trace_file> trace_;
	std::optional<drain> drain_;
	bool watched_ = ::isatty(STDERR_FILENO);
	recording_loop loop_;
	std::optional<failure> damage_;
};

trace_session::trace_session(const record_options &options, const opener &open,
			     const signals &watched)
	: options_(options), events_(choose_events(options)), attrs_(make_attrs(options, events_)),
	  loop_(watched, child_, watched_)
{
	std::vector<pid_t> threads{-1};
	// A trace on standard output is not mixed with other lines.
	if (!options.command.empty())
		child_.emplace(options.command, watched.before(), options.output.empty());
	if (!options.pids.empty())
		threads = recorded_threads(options);
	else if (!options.all_cpus)
		threads = {child_->pid()};
	files_ = open_all(options, events_, attrs_, threads, open);
	drain_.emplace(attrs_.front(), nullptr);
	// The files come first: who may not record must not lose the trace before.
	trace_.emplace(options.output, options.output.empty() ? create_nameless_file()
							      : create_file(options.output));
}

int trace_session::run()
{
	if (trace_->begin(options_)) {
		loop_.run(files_.files, attrs_.front().enable_on_exec, options_.duration,
			  [this](bool last) { return pass(last); });
	}
	finish();
	return loop_.end_command();
}

bool trace_session::pass(bool last)
{
	trace_->read_positions(files_.rings);
	(void)drain_->pass(files_.rings); // keeps nothing
	const bool more = trace_->pass(files_.rings, files_.files, !last);
	if (watched_)
		say("\r[ perfbuf: {}, {} ]\033[K", human_size(trace_->size()),
		    count(trace_->drain().full(), "full buffer"));
	return more;
}

void trace_session::finish()
{
	trace_->finish(files_.rings, files_.files);
	if (watched_)
		say("\r\033[K");
	if (!options_.output.empty())
		trace_->print_closing_line();
	try {
		trace_->check();
	} catch (const failure &why) {
		// A file without a name can be read here and now only.
		if (!options_.output.empty())
			throw;
		damage_ = why;
	}
}

int record_trace(const trace_options &options, const opener &open)
{
	// Shown once the recording is over and its signal forgotten: another one then ends us.
	reader::unique_fd recorded;
	std::optional<int> by;
	std::optional<failure> damage;
	int status;
	{
		const signals watched;
		trace_session session(options.record, open, watched);
		status = session.run();
		by = session.signal();
		recorded = session.release_file();
		damage = session.damage();
	}
	if (options.record.output.empty())
		show(std::move(recorded), "the trace", options.format);
	if (damage)
		throw *damage;
	if (by)
		end_by_signal(*by);
	return status;
}

} // namespace

int trace(const trace_options &options, const opener &open)
{
	if (!options.input)
		return record_trace(options, open);
	reader::unique_fd from(::open(options.input->c_str(), O_RDONLY | O_CLOEXEC));
	if (!from)
		throw explain_read(*options.input, errno);
	return show(std::move(from), *options.input, options.format);
}

} // namespace perfbuf::program
