// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Hands each sample of a feed on, with the names of its thread and functions.
#include "program/samples.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

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

// Names of functions that are missing without a word would be taken for those of another kernel.
sample_feed::sample_feed(feed &from, const symbol_words &words)
	: from_(from), stacks_(machine_, {!words.no_inline, words.kallsyms}, from.recorded())
{
	if (words.kallsyms.empty() || words.kallsyms == no_kallsyms || stacks_.has_kernel_names())
		return;
	errno = 0;
	if (!std::ifstream(words.kallsyms))
		throw failure(exit_usage,
			      fmt::format("--kallsyms {}: it cannot be read ({}): give "
					  "a copy of /proc/kallsyms",
					  words.kallsyms, std::strerror(errno ? errno : EIO)));
	throw failure(exit_usage,
		      fmt::format("--kallsyms {}: it has no functions with addresses: copy "
				  "/proc/kallsyms as root",
				  words.kallsyms));
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

namespace
{

// Creating it would take away what is to be read.
void refuse_input(const std::string &path, const feed &from)
{
	struct stat of {
	}, input{};
	if (!from.recorded() || ::stat(path.c_str(), &of) < 0 || !S_ISREG(of.st_mode))
		return;
	const int got = from.name() == "-" ? ::fstat(STDIN_FILENO, &input)
					   : ::stat(from.name().c_str(), &input);
	if (got == 0 && of.st_dev == input.st_dev && of.st_ino == input.st_ino)
		throw failure(
			exit_usage,
			fmt::format("{} is the recording itself: give another FILE with -o", path));
}

} // namespace

output_file::output_file(const std::string &path, const feed &from) : path_(path)
{
	if (path != "-")
		refuse_input(path, from);
	stream_ = path == "-" ? stdout : std::fopen(path.c_str(), "we");
	if (!stream_)
		throw explain_create(path, errno);
}

failure output_file::took_no_more(int why) const
{
	return {exit_failed,
		fmt::format("{} took no more ({}): give another FILE with -o",
			    path_ == "-" ? "standard output" : path_, std::strerror(why))};
}

output_file::~output_file()
{
	if (stream_ && stream_ != stdout)
		std::fclose(stream_);
}

void output_file::write(std::string_view text) const
{
	errno = 0;
	if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size())
		throw took_no_more(errno ? errno : EIO);
}

void output_file::close()
{
	std::FILE *stream = std::exchange(stream_, nullptr);
	errno = 0;
	const bool failed = std::fflush(stream) != 0 || std::ferror(stream);
	const int why = errno ? errno : EIO;
	const bool closed = stream == stdout || std::fclose(stream) == 0;
	if (failed || !closed)
		throw took_no_more(why);
}

} // namespace perfbuf::program
