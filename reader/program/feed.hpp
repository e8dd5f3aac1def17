// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Records for a command that looks at them: out of a recording, or live, in the order of time.
 * The commands flame, hist, top, script and export are built on it.
 */
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "perfdata/reader.hpp"
#include "program/cli_record.hpp"
#include "program/command.hpp"
#include "program/opener.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

/** A pass over the records that the rings hold. */
struct pass_facts {
	bool last = false;
	uint64_t lost = 0; /**< records, since the beginning */
};

class feed
{
public:
	virtual ~feed() = default;
	virtual const std::vector<perfdata::recorded_event> &events() const = 0;
	/** nullptr: it is live. */
	virtual const perfdata::recording *recorded() const = 0;
	/**
	 * Call use() for each record, to the end of the recording, or until live recording is over.
	 * @param pass after each look at the rings; false: it is over. A recording calls it once, a
	 * live pipe each time that no record is there.
	 * @return the exit status; throws `failure`
	 */
	virtual int run(const perfdata::record_visitor &use,
			const std::function<bool(const pass_facts &)> &pass) = 0;
	/** Of a file, what it is called; live, "live". */
	virtual std::string name() const = 0;
};

/** Where the records of a command come from, as written on the command line. */
struct feed_words {
	std::string input;
	record_options options;
	record_words words;
};

/** -i, and the options of recording. */
void add_feed_options(CLI::App &app, feed_words &words);

/** Opens the recording or the sources. Without -i, and without an option that says what to record,
 * it is perf.data. @param every how often a live feed looks at the rings at least @param how a
 * pipe is read */
std::unique_ptr<feed> open_feed(feed_words &words, const call &from,
				std::optional<std::chrono::milliseconds> every = std::nullopt,
				perfdata::piped how = perfdata::piped::whole);

/** @return what the words say, checked, for a live feed */
bool is_live(const feed_words &words, const call &from);

std::unique_ptr<feed> open_recording(const std::string &path,
				     perfdata::piped how = perfdata::piped::whole);
std::unique_ptr<feed> open_live(const record_options &options, const opener &open,
				std::optional<std::chrono::milliseconds> every);

} // namespace perfbuf::program
