// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Opens a recording or a live session as a feed of records.
#include "program/feed.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

namespace
{

class recorded_feed : public feed
{
public:
	recorded_feed(std::string path, perfdata::recording from)
		: path_(std::move(path)), from_(std::move(from))
	{
	}

	const std::vector<perfdata::recorded_event> &events() const override
	{
		return from_.events();
	}
	const perfdata::recording *recorded() const override { return &from_; }
	std::string name() const override { return path_; }

	int run(const perfdata::record_visitor &use,
		const std::function<bool(const pass_facts &)> &pass) override
	{
		uint64_t lost = 0;
		uint64_t late = 0;
		const auto read_record = [&](const reader::record &record,
					     const perfdata::recorded_event &event, uint64_t time) {
			if (record.type() == PERF_RECORD_LOST) {
				const auto decoded = event.decoder.decode(record);
				if (const auto *loss = std::get_if<reader::lost_event>(&decoded))
					lost += loss->lost;
			}
			use(record, event, time);
		};
		const auto done = from_.each(read_record, &late, [&] {
			return pass({false, lost});
		});
		pass({true, lost});
		if (late)
			say("perfbuf: {}: {} records come after newer ones: its rounds are too "
			    "large to be "
			    "sorted whole\n",
			    path_, group_digits(late));
		if (done)
			return 0;
		// Not thrown: the caller writes what it has made of the records before.
		say("perfbuf: {} {}: what was before it is shown\n", path_, done.error().text);
		return exit_failed;
	}

private:
	std::string path_;
	perfdata::recording from_;
};

} // namespace

std::unique_ptr<feed> open_recording(const std::string &path, perfdata::piped how)
{
	auto from = perfdata::recording::open(path, how);
	if (!from && from.error().code.value() == ENOENT)
		throw failure(exit_failed,
			      fmt::format("there is no {}: record it with perfbuf record -o {}, or "
					  "give another FILE with -i",
					  path, path));
	if (!from && from.error().code.value() == EINVAL)
		throw failure(exit_failed,
			      fmt::format("{} {}: give a file that perfbuf record or perf record "
					  "wrote",
					  path, from.error().text));
	if (!from)
		throw failure(exit_failed,
			      fmt::format("{} {} ({}): give another FILE with -i", path,
					  from.error().text, from.error().code.message()));
	return std::make_unique<recorded_feed>(path, *std::move(from));
}

void add_feed_options(CLI::App &app, feed_words &words)
{
	app.add_option(
		   "-i,--input", words.input,
		   "the recording; - reads standard input [perf.data, unless something is to be "
		   "recorded now]")
		->type_name("FILE");
	add_event_options(app, words.words);
	add_sampling_options(app, words.options, words.words);
	add_ring_options(app, words.words);
}

bool is_live(const feed_words &words, const call &from)
{
	const auto &how = words.words;
	const bool records = how.target.any() || !from.behind.empty() ||
			     !from.app.remaining().empty() || !how.events.empty() ||
			     !how.frequency.empty() || !how.period.empty();
	if (records && !words.input.empty())
		throw failure(exit_usage,
			      "-i reads a recording: leave out what says what to record");
	return records;
}

std::unique_ptr<feed> open_feed(feed_words &words, const call &from,
				std::optional<std::chrono::milliseconds> every, perfdata::piped how)
{
	if (!is_live(words, from))
		return open_recording(words.input.empty() ? "perf.data" : words.input, how);
	words.options.arguments = from.all;
	words.options.command = command_of(from);
	finish_record_options(words.options, from.app, words.words);
	return open_live(words.options, from.open, every);
}

} // namespace perfbuf::program
