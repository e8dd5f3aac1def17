// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command record: opens, records and completes files.
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
#include "program/losses.hpp"
#include "program/map_watch.hpp"
#include "program/open_files.hpp"
#include "program/parse.hpp"
#include "program/recording_file.hpp"
#include "program/recording_loop.hpp"
#include "program/say.hpp"
#include "program/signals.hpp"
#include "program/switched_files.hpp"
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
	void begin_file();
	void put_running_tasks();
	bool pass(bool last);
	bool is_switch_due();
	void switch_file();
	std::string outputs() const;
	bool is_full() const;
	void show_progress() const;
	bool begin_trace();
	void begin_areas();
	void watch_maps();
	void read_hidden_maps();
	void finish_trace();
	int finish();

	const record_options &options_;
	std::optional<workload> child_;
	std::vector<chosen_event> events_;
	std::vector<perf_event_attr> attrs_;
	open_files files_;
	std::vector<perfdata::described_attr> described_;
	kernel_facts kernel_;
	std::optional<recording_file> file_;
	drain drain_;
	std::optional<trace_file> trace_; // beside the recording, if an event writes one
	std::optional<aux_files> areas_;  // what drivers write
	bool watched_;			  // its progress, on a terminal
	std::optional<control_channel> control_;
	recording_loop loop_;
	std::optional<map_watch> maps_; // if the records are to report maps
	reader::result<void> written_;	// the first error of the file
	std::optional<switched_files> switched_;
	std::optional<reader::result<uint64_t>> ended_; // how a file that was switched failed
	uint64_t begun_at_ = 0;				// bytes, of what ran before the file
	uint64_t bytes_before_ = 0;			// in files that are complete
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
	: options_(options), events_(choose_events(options)), attrs_(make_attrs(options, events_)),
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
		  return std::make_optional<recording_file>(options);
	  }()),
	  drain_(with_samples(events_, attrs_), &file_->writer()), watched_(is_watched(options)),
	  loop_(signals, child_, watched_ || file_->is_piped())
{
	if (options.exclude_perf)
		drain_.leave_out(::getpid());
	if (!options.control.empty())
		loop_.listen(&control_.emplace(options.control));
	if (options.starts_disabled)
		loop_.start_disabled();
	if (options.delay)
		loop_.enable_after(*options.delay);
	if (!options.switches)
		return;
	if (file_->is_piped())
		throw failure(exit_usage, "--switch-output writes several files: give -o FILE in "
					  "place of a pipe");
	switched_.emplace(options.output, options.most_files);
	loop_.switch_files(options.switches->every);
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
	if (file_->is_piped())
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
	begin_file();
	if (attrs_.front().mmap2 && !options_.overwrite)
		watch_maps();
	if (written_ && traces) {
		loop_.run(files_.files, attrs_.front().enable_on_exec, options_.duration,
			  [this](bool last) { return pass(last); });
	}
	return finish();
}

// With --overwrite the tasks are those that run when the rings are copied.
void session::begin_file()
{
	written_ = file_->begin(described_);
	if (!options_.overwrite)
		put_running_tasks();
	if (written_)
		written_ = file_->writer().round();
	begun_at_ = file_->writer().size();
}

void session::put_running_tasks()
{
	if (written_)
		written_ = drain_.put(synthesize(options_, kernel_, child_ ? child_->pid() : 0,
						 drain_.decoder().identity_size()));
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
	// The trace's positions first, then the records, which may also report later bytes.
	if (trace_)
		trace_->read_positions(files_.rings);
	if (areas_)
		areas_->read_positions(files_.rings);
	const bool switches = is_switch_due();
	if (!options_.overwrite) {
		const auto fence = reader::fence_of(files_.files);
		written_ = drain_.pass(files_.rings, fence);
		read_hidden_maps();
	} else if (last || switches) {
		put_running_tasks();
		if (written_)
			written_ = drain_.copy(files_.rings, files_.files);
	}
	bool more = !trace_ || trace_->pass(files_.rings, files_.files, !last);
	more &= !areas_ || areas_->pass(files_.rings, files_.files, !last);
	if (switches && !last && written_)
		switch_file();
	show_progress();
	return written_ && !ended_ && more && !is_full();
}

bool session::is_switch_due()
{
	const auto &rule = options_.switches;
	return loop_.take_switch() ||
	       (rule && rule->bytes && file_->writer().size() - begun_at_ >= *rule->bytes);
}

// The rings go on: what comes meanwhile is in the next file.
void session::switch_file()
{
	const auto given_up = file_->finish(described_, kernel_, drain_.seen(), written_);
	if (!written_ || !given_up || *given_up) {
		ended_ = given_up;
		return;
	}
	const std::string &name = switched_->add();
	loop_.answer_snapshots(true);
	if (!options_.quiet)
		say("{}[ perfbuf: {} sample{}, {} -> {} ]\n", watched_ ? "\r\033[K" : "",
		    group_digits(drain_.seen().samples), drain_.seen().samples == 1 ? "" : "s",
		    file_->size(), name);
	bytes_before_ += file_->writer().size();
	file_.emplace(options_);
	drain_.switch_to(&file_->writer());
	begin_file();
}

// With --max-size.
bool session::is_full() const
{
	return options_.max_size && bytes_before_ + file_->writer().size() >= *options_.max_size;
}

void session::show_progress() const
{
	if (watched_)
		say("\r[ perfbuf: {} samples, {}, {} lost ]\033[K",
		    group_digits(drain_.total().samples),
		    human_size(bytes_before_ + file_->writer().size()),
		    group_digits(drain_.total().lost));
}

// Of the closing line.
std::string session::outputs() const
{
	return switched_ && !switched_->empty() ? switched_->names() : options_.output;
}

int session::finish()
{
	const traffic seen = drain_.total();
	const std::string lost = losses_of(files_.files, seen.lost);
	const auto given_up =
		ended_ ? *ended_ : file_->finish(described_, kernel_, drain_.seen(), written_);
	if (switched_ && given_up && !*given_up && written_) {
		switched_->add();
		loop_.answer_snapshots(true);
	}

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
	// The loss by a full disk is known in bytes, not in samples.
	if (!options_.quiet)
		say("[ perfbuf: {}{} sample{}, {}, {} -> {} ]\n", *given_up ? "up to " : "",
		    group_digits(seen.samples), seen.samples == 1 ? "" : "s",
		    switched_ ? human_size(bytes_before_ + file_->writer().size()) : file_->size(),
		    lost, outputs());
	if (options_.verbose && options_.compression_level)
		say("perfbuf: {}\n", file_->compression());
	if (is_full() && !options_.quiet)
		say("perfbuf: {} has the size of --max-size, which ended the recording\n",
		    options_.output);
	finish_trace();
	if (areas_ && !options_.quiet)
		areas_->print_closing_line();
	if (!written_ || *given_up) {
		if (file_->is_piped())
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
		else if (choice.source == trace_source && (options.overwrite || options.switches))
			throw failure(exit_usage, "-e functrace writes one file beside the "
						  "recording, to its end: leave out --overwrite "
						  "and --switch-output");
	std::optional<int> signal;
	int status;
	{
		const signals watched(options.switches.has_value());
		session session(options, open, watched);
		status = session.run();
		signal = session.signal();
	}
	if (signal)
		end_by_signal(*signal);
	return status;
}

} // namespace perfbuf::program
