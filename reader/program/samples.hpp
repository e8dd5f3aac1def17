// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Samples of a feed, with the names of their threads and functions. */
#pragma once

#include <functional>
#include <string>

#include "analysis/export.hpp"
#include "program/failure.hpp"
#include "program/feed.hpp"

namespace CLI
{
class App;
}

namespace perfbuf::program
{

/** How functions get names, as written on the command line. */
struct symbol_words {
	bool no_inline = false;
	std::string kallsyms;
};

/** As symbol_words::kallsyms: the functions of the kernel are not needed. */
inline constexpr const char *no_kallsyms = "/dev/null";

void add_symbol_options(CLI::App &app, symbol_words &words);

class sample_feed
{
public:
	/** Throws `failure`. */
	sample_feed(feed &from, const symbol_words &words);

	/** @return the exit status of the feed */
	int run(const std::function<void(const analysis::described_sample &)> &use,
		const std::function<bool(const pass_facts &)> &pass);
	/** Until the end. */
	int run(const std::function<void(const analysis::described_sample &)> &use);

	analysis::frame_table &frames() noexcept { return stacks_.table(); }
	uint64_t samples() const noexcept { return samples_; }

	/** Says on standard error why functions of the kernel have no names, if they have none. */
	void warn_of_missing_names() const;

private:
	/** Says on standard error what would have taken too much memory. */
	void warn_of_omissions() const;

	feed &from_;
	analysis::machine machine_;
	analysis::stack_reader stacks_;
	uint64_t samples_ = 0;
};

/** A file that a command writes, or standard output. Throws `failure`. */
class output_file
{
public:
	/** @param path "-" is standard output @param from what is read, which it must not be */
	output_file(const std::string &path, const feed &from);
	output_file(const output_file &) = delete;
	output_file &operator=(const output_file &) = delete;
	~output_file();

	std::FILE *stream() const noexcept { return stream_; }
	void write(std::string_view text) const;
	/** Throws `failure` if not all of it could be written. */
	void close();
	/** @param why errno of a write */
	failure took_no_more(int why) const;

private:
	std::string path_;
	std::FILE *stream_ = nullptr;
};

} // namespace perfbuf::program
