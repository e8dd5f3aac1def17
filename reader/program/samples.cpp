// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Hands each sample of a feed on, with the names of its thread and functions.
#include "program/samples.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>

#include "program/explain.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

void add_symbol_options(CLI::App &app, symbol_words &words)
{
	app.add_flag("--no-inline", words.no_inline,
		     "do not look for inlined functions: large programs take long");
	app.add_option("--kallsyms", words.kallsyms,
		       "the functions of the kernel that was recorded: its /proc/kallsyms, copied "
		       "by root [this kernel's, if it is the same]")
		->type_name("FILE");
}

int sample_feed::run(const std::function<void(const analysis::described_sample &)> &use,
		     const std::function<bool(const pass_facts &)> &pass)
{
	const int status = from_.run(
		[&](const reader::record &record, const perfdata::recorded_event &event,
		    uint64_t time) {
			machine_.add(record, event.decoder);
			const auto sample = event.decoder.decode_sample(record);
			if (!sample)
				return;
			samples_++;
			const auto frames = stacks_.frames_of(*sample, record.misc());
			use({event, static_cast<size_t>(&event - from_.events().data()), *sample,
			     time, machine_.comm(sample->pid, sample->tid), frames});
		},
		pass);
	warn_of_omissions();
	return status;
}

int sample_feed::run(const std::function<void(const analysis::described_sample &)> &use)
{
	return run(use, [](const pass_facts &) { return true; });
}

void sample_feed::warn_of_omissions() const
{
	const auto &left_out = machine_.left_out();
	if (left_out.comms)
		say("perfbuf: {}: the names of threads take more than 256 MiB: later ones are left "
		    "out\n",
		    from_.name());
	if (left_out.files)
		say("perfbuf: {}: the names of mapped files take more than 256 MiB: later ones are "
		    "left out\n",
		    from_.name());
	if (left_out.maps)
		say("perfbuf: {}: the processes have more than 4,194,304 maps: later ones are left "
		    "out\n",
		    from_.name());
	if (stacks_.table_is_full())
		say("perfbuf: {}: the names of functions, threads and fields take more than 256 "
		    "MiB: later ones are {}\n",
		    from_.name(), analysis::frame_table::others);
}

void sample_feed::warn_of_missing_names() const
{
	if (stacks_.kernel_is_unknown())
		say("perfbuf: another kernel was recorded, so its functions have no names here: "
		    "give its /proc/kallsyms with --kallsyms, or run this on that machine\n");
}

output_file::output_file(const std::string &path)
	: path_(path), stream_(path == "-" ? stdout : std::fopen(path.c_str(), "we"))
{
	if (!stream_)
		throw explain_create(path, errno);
}

output_file::~output_file()
{
	if (stream_ && stream_ != stdout)
		std::fclose(stream_);
}

void output_file::close()
{
	std::FILE *stream = std::exchange(stream_, nullptr);
	errno = 0;
	const bool failed = std::fflush(stream) != 0 || std::ferror(stream);
	const int why = errno ? errno : EIO;
	const bool closed = stream == stdout || std::fclose(stream) == 0;
	if (failed || !closed)
		throw failure(exit_failed,
			      fmt::format("{} took no more ({}): give another FILE with -o",
					  path_ == "-" ? "standard output" : path_,
					  std::strerror(why)));
}

} // namespace perfbuf::program
