// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

#include "program/attr.hpp"
#include "program/aux_files.hpp"
#include "program/commands.hpp"
#include "program/control_channel.hpp"
#include "program/destination.hpp"
#include "program/drain.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/kernel_facts.hpp"
#include "program/map_watch.hpp"
#include "program/open_files.hpp"
#include "program/parse.hpp"
#include "program/recording_file.hpp"
#include "program/recording_loop.hpp"
#include "program/say.hpp"
#include "program/signals.hpp"
#include "program/threads.hpp"
#include "program/trace_file.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

namespace
{

// One recording, from the files to the last byte.
class session
{
public:
	session(const record_options &options, const opener &open, const signals &signals);

	/** @return the exit status; a signal that ended it is left in signal() */
	int run();
	std::optional<int> signal() const noexcept { return loop_.signal(); }

private:
	bool pass(bool last);
	bool is_full() const;
	void show_progress() const;
	bool begin_trace();
	void begin_areas();
	void watch_maps();
	void read_hidden_maps();
	void finish_trace();
	std::string losses() const;
	int finish();

	const record_options &options_;
	std::optional<workload> child_;
	std::vector<chosen_event> events_;
	std::vector<perf_event_attr> attrs_;
	open_files files_;
	std::vector<perfdata::described_attr> described_;
	kernel_facts kernel_;
	recording_file file_;
	drain drain_;
	std::optional<trace_file> trace_; // beside the recording, if an event writes one
	std::optional<aux_files> areas_;  // what drivers write
	bool watched_;			  // its progress, on a terminal
	std::optional<control_channel> control_;
	recording_loop loop_;
	std::optional<map_watch> maps_; // if the records are to tell of maps
	reader::result<void> written_;	// the first error of the file
};

// A function trace has none: its attr does not say where a sample has its time.
const perf_event_attr &with_samples(const std::vector<chosen_event> &events,
				    const std::vector<perf_event_attr> &attrs)
{
	for (size_t at = 0; at < events.size(); at++)
		if (!events[at].is_trace())
			return attrs[at];
	return attrs.front();
}

bool is_watched(const record_options &options)
{
	return !options.quiet && ::isatty(STDERR_FILENO);
}

session::session(const record_options &options, const opener &open, const signals &signals)
	: options_(options), events_(choose_events(options.events, read_sources())),
	  attrs_(make_attrs(options, events_)),
	  // The files come first: who may not record must not lose the recording before.
	  file_([&] {
		  const bool to_stdout = options.output == "-";
		  std::vector<pid_t> threads{-1};
		  if (!options.command.empty())
			  child_.emplace(options.command, signals.before(), to_stdout);
		  if (!options.pids.empty())
			  threads = recorded_threads(options);
		  else if (!options.all_cpus)
			  threads = {child_->pid()};
		  std::error_code ignored;
		  const bool into_pipe =
			  to_stdout || std::filesystem::is_fifo(options.output, ignored);
		  files_ = open_all(options, events_, attrs_, threads, open, into_pipe);
		  return recording_file(options);
	  }()),
	  drain_(with_samples(events_, attrs_), &file_.writer()), watched_(is_watched(options)),
	  loop_(signals, child_, watched_ || file_.is_piped())
{
	if (options.exclude_perf)
		drain_.leave_out(::getpid());
	if (!options.control.empty())
		loop_.listen(&control_.emplace(options.control));
	if (options.starts_disabled)
		loop_.start_disabled();
	if (options.delay)
		loop_.enable_after(*options.delay);
}

// The bytes of AUX areas go beside the recording: perf has no decoder for them. False: they cannot.
bool session::begin_trace()
{
	if (std::none_of(events_.begin(), events_.end(),
			 [](const auto &each) { return each.is_trace(); }))
		return true;
	const std::string name = options_.output + ".functrace";
	trace_.emplace(name, create_file(name));
	return trace_->begin(options_);
}

void session::begin_areas()
{
	if (std::none_of(files_.rings.begin(), files_.rings.end(),
			 [](const auto &each) { return each.aux && !each.driver.empty(); }))
		return;
	if (file_.is_piped())
		throw failure(exit_usage, "a driver's AUX area is recorded into files beside the "
					  "recording: give -o FILE in place of a pipe");
	areas_.emplace(options_.output, files_.rings, files_.files);
}

void session::finish_trace()
{
	if (!trace_)
		return;
	trace_->finish(files_.rings, files_.files);
	if (!options_.quiet)
		trace_->print_closing_line();
}

int session::run()
{
	for (size_t which = 0; which < events_.size(); which++) {
		described_.push_back({attrs_[which], files_.ids[which],
				      events_[which].reported_name(), events_[which].typed.format});
		// perf wants an address of each event that it shows; of a trace it sees no sample.
		if (events_[which].is_trace())
			described_.back().attr.sample_type |= PERF_SAMPLE_IP;
	}
	kernel_ = read_kernel(options_);
	const bool traces = begin_trace();
	begin_areas();
	written_ = file_.begin(described_);
	if (written_)
		written_ = drain_.put(synthesize(options_, kernel_, child_ ? child_->pid() : 0,
						 drain_.decoder().identity_size()));
	if (attrs_.front().mmap2)
		watch_maps();
	if (written_)
		written_ = file_.writer().round();
	if (written_ && traces) {
		loop_.run(files_.files, attrs_.front().enable_on_exec, options_.duration,
			  [this](bool last) { return pass(last); });
	}
	return finish();
}

void session::watch_maps()
{
	std::vector<pid_t> pids = options_.pids;
	if (pids.empty() && !options_.all_cpus)
		pids.push_back(child_->pid());
	maps_.emplace(std::move(pids),
		      options_.chains == call_graph::dwarf ? perfdata::maps::all
							   : perfdata::maps::code,
		      drain_.decoder().identity_size());
	if (maps_->check())
		loop_.pass_every(map_watch::interval);
}

// They come too late for what has ended, but no time is in them: perf takes them as known from the
// start.
void session::read_hidden_maps()
{
	if (!maps_ || !maps_->check())
		return;
	loop_.pass_every(map_watch::interval);
	const auto records = maps_->read();
	if (written_ && records.size())
		written_ = drain_.put(records);
}

bool session::pass(bool last)
{
	// The trace's positions first, then the records, which may also tell of later bytes.
	if (trace_)
		trace_->read_positions(files_.rings);
	if (areas_)
		areas_->read_positions(files_.rings);
	const auto fence = reader::fence_of(files_.files);
	written_ = drain_.pass(files_.rings, fence);
	read_hidden_maps();
	bool more = !trace_ || trace_->pass(files_.rings, files_.files, !last);
	more &= !areas_ || areas_->pass(files_.rings, files_.files, !last);
	show_progress();
	return written_ && more && !is_full();
}

// With --max-size.
bool session::is_full() const
{
	return options_.max_size && file_.writer().size() >= *options_.max_size;
}

void session::show_progress() const
{
	if (watched_)
		say("\r[ perfbuf: {} samples, {}, {} lost ]\033[K",
		    group_digits(drain_.seen().samples), human_size(file_.writer().size()),
		    group_digits(drain_.seen().lost));
}

// What the files counted includes losses that no record told of; before 6.0 they do not count.
std::string session::losses() const
{
	uint64_t counted = 0;
	std::vector<uint64_t> by_cause;
	for (const auto &file : files_.files) {
		const auto counts = file.read();
		if (!counts)
			continue;
		counted += counts->lost.value_or(0);
		by_cause.resize(std::max(by_cause.size(), counts->lost_by_cause.size()));
		for (size_t cause = 0; cause < counts->lost_by_cause.size(); cause++)
			by_cause[cause] += counts->lost_by_cause[cause];
	}
	std::string causes;
	for (size_t cause = 0; cause < by_cause.size(); cause++)
		if (by_cause[cause])
			causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ",
					      group_digits(by_cause[cause]),
					      reader::loss_cause_name(cause));
	return group_digits(std::max(counted, drain_.seen().lost)) + " lost" +
	       (causes.empty() ? "" : " (" + causes + ")");
}

int session::finish()
{
	const auto &seen = drain_.seen();
	const std::string lost = losses();
	const auto given_up = file_.finish(described_, kernel_, seen, written_);

	if (watched_)
		say("\r\033[K");
	if (!given_up)
		throw failure(
			exit_failed,
			fmt::format(
				"{} took no more ({}) and cannot be finished: record "
				"into another FILE with -o",
				options_.output,
				(written_ ? given_up.error() : written_.error()).code.message()));
	// What a full disk cost is known in bytes, not in samples.
	if (!options_.quiet)
		say("[ perfbuf: {}{} sample{}, {}, {} -> {} ]\n", *given_up ? "up to " : "",
		    group_digits(seen.samples), seen.samples == 1 ? "" : "s", file_.size(), lost,
		    options_.output);
	if (options_.verbose && options_.compression_level)
		say("perfbuf: {}\n", file_.compression());
	if (is_full() && !options_.quiet)
		say("perfbuf: {} has the size of --max-size, which ended the recording\n",
		    options_.output);
	finish_trace();
	if (areas_ && !options_.quiet)
		areas_->print_closing_line();
	if (!written_ || *given_up) {
		if (file_.is_piped())
			throw failure(
				exit_failed,
				fmt::format(
					"recording stopped because {} took no more ({}): see to "
					"who reads it, or record into a file with -o",
					options_.output == "-" ? "standard output"
							       : options_.output,
					written_.error().code.message()));
		const std::string cause =
			written_ ? "no space left" : written_.error().code.message();
		throw failure(exit_failed,
			      fmt::format("recording stopped because {} took no more ({}): what is "
					  "in it can be "
					  "read, {} are missing at its end",
					  options_.output, cause, human_size(*given_up)));
	}
	if (seen.corrupt)
		throw failure(exit_failed, fmt::format("{} of a ring made no sense and are "
						       "missing: see perfbuf doctor, and "
						       "the kernel's log",
						       human_size(seen.corrupt)));
	if (trace_)
		trace_->check();
	if (areas_)
		areas_->check();
	return loop_.end_command();
}

} // namespace

int record(const record_options &options, const opener &open)
{
	for (const auto &choice : options.events)
		if (choice.source == trace_source && options.output == "-")
			throw failure(exit_usage,
				      "-e functrace writes a file beside the recording: give -o "
				      "FILE in place of -o -");
	std::optional<int> signal;
	int status;
	{
		const signals watched;
		session session(options, open, watched);
		status = session.run();
		signal = session.signal();
	}
	if (signal)
		end_by_signal(*signal);
	return status;
}

} // namespace perfbuf::program
