// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes the file of a function trace while it is recorded.
#include "program/trace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/say.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

bool trace_file::begin(const record_options &options)
{
	symbols_ = tracefile::read_kernel_symbols();
	if (symbols_.empty())
		say("perfbuf: the kernel hides its addresses, so its functions will "
		    "have no names: set kernel.kptr_restrict to 0 or run as root\n");
	written_ = to_.begin(facts_of(options));
	if (written_)
		written_ = to_.symbols(symbols_);
	return static_cast<bool>(written_);
}

bool trace_file::pass(std::vector<cpu_ring> &rings, const std::vector<reader::file> &files,
		      bool reenable)
{
	if (written_)
		written_ = drain_.pass(rings, files, reenable);
	return static_cast<bool>(written_);
}

void trace_file::finish(const std::vector<cpu_ring> &rings, const std::vector<reader::file> &files)
{
	for (const auto &ring : rings)
		if (ring.aux && ring.driver.empty())
			if (const auto counts = files[ring.file].read())
				calls_ += counts->value;
	// Modules may have been loaded meanwhile.
	if (written_)
		written_ = to_.symbols(tracefile::read_kernel_symbols().without(symbols_));
	const auto given_up = to_.finish(end_facts(drain_, calls_));
	if (!given_up)
		throw failure(
			exit_failed,
			fmt::format("{} took no more ({}) and cannot be finished: {}",
				    name_.empty() ? "the directory for temporary files" : name_,
				    (written_ ? given_up.error() : written_.error()).code.message(),
				    name_.empty() ? "give -o FILE"
						  : "record into another FILE with -o"));
	given_up_ = *given_up;
}

void trace_file::print_closing_line()
{
	constexpr uint64_t soon_read = 256 << 20; // a second or two
	std::string lost = fmt::format("what is lost: perfbuf trace -i {}", name_);
	if (drain_.bytes() <= soon_read) {
		auto file = tracefile::reader_file::open(
			reader::unique_fd(::open(name_.c_str(), O_RDONLY | O_CLOEXEC)), name_);
		if (!file)
			return;
		const auto missing = tracefile::count(*file).all();
		lost = fmt::format("{} lost", group_digits(missing.calls));
		if (missing.gaps)
			lost += fmt::format(" in {} place{}", group_digits(missing.gaps),
					    missing.gaps == 1 ? "" : "s");
	}
	if (drain_.full())
		lost += fmt::format(", the buffer was full {} time{}", group_digits(drain_.full()),
				    drain_.full() == 1 ? "" : "s");
	say("[ perfbuf: {} call{}, {}, {} -> {} ]\n", group_digits(calls_), calls_ == 1 ? "" : "s",
	    human_size(to_.size()), lost, name_);
}

void trace_file::check() const
{
	if (!written_ || given_up_)
		throw failure(
			exit_failed,
			fmt::format("recording stopped because {} took no more ({}): {}",
				    name_.empty() ? "the directory for temporary files" : name_,
				    written_ ? "no space left" : written_.error().code.message(),
				    name_.empty() ? "what it took is shown; give -o FILE, or set "
						    "TMPDIR to a directory with more space"
						  : "what is in it can be read, the newest is "
						    "missing at its end"));
	if (drain_.corrupt())
		throw failure(exit_failed,
			      fmt::format("{} of an AUX area made no sense and are missing: see "
					  "perfbuf doctor, and the kernel's log",
					  human_size(drain_.corrupt())));
}

} // namespace perfbuf::program
