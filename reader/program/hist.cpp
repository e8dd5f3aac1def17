// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command hist: histograms of a field, or of the time between two events.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cinttypes>
#include <fmt/format.h>
#include <map>
#include <unistd.h>
#include <unordered_map>

#include "analysis/histogram.hpp"
#include "program/command.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/feed.hpp"
#include "program/parse.hpp"
#include "program/say.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *hist_about =
	R"(Show how a field of a typed event is distributed: powers of two, and percentiles.

  perfbuf hist -e nvq:complete latency                 on all CPUs, from now until Ctrl-C
  perfbuf hist -e nvq:complete latency --by queue --duration 10
  perfbuf hist -e nvq:complete latency -i perf.data    out of a recording
  perfbuf hist -e nvq --pair submit,complete --key id  nanoseconds from one event to the other

With --pair, an event begins and another ends what has the same value in the field --key. A
percentile is at most 1/32 too large; the largest value and the mean are exact.)";

// Pairs that have begun and not ended, at most: what never ends must not take all memory.
constexpr size_t most_begun = size_t{1} << 20;
// Groups of --by, at most; what comes after them is summed up in one.
constexpr size_t most_groups = 1000;

struct hist_words {
	feed_words feed;
	std::string field;
	std::string by;
	std::string pair;
	std::string key;
};

// A name that --pair has may leave out the source that -e names.
std::pair<std::string, std::string> parse_pair(const hist_words &words)
{
	const size_t comma = words.pair.find(',');
	if (comma == std::string::npos || !comma || comma + 1 == words.pair.size() ||
	    words.pair.find(',', comma + 1) != std::string::npos)
		throw failure(exit_usage, fmt::format("--pair {}: give two events, the one that "
						      "begins and the one that ends: "
						      "submit,complete",
						      words.pair));
	std::string source;
	if (!words.feed.words.events.empty())
		source = words.feed.words.events.front().substr(
			0, words.feed.words.events.front().find(':'));
	const auto whole = [&](const std::string &name) {
		if (name.find(':') != std::string::npos)
			return name;
		if (source.empty())
			throw failure(exit_usage,
				      fmt::format("--pair {}: give the source of {}, as in "
						  "nvq:submit,nvq:complete, or with -e",
						  words.pair, name));
		return source + ":" + name;
	};
	return {whole(words.pair.substr(0, comma)), whole(words.pair.substr(comma + 1))};
}

// A number, which has a distribution.
bool is_measured(const reader::typed_field &field)
{
	return !field.is_text() && !field.is_dynamic && !field.is_octets();
}

std::string fields_of_events(const std::vector<perfdata::recorded_event> &events)
{
	std::string all;
	for (const auto &event : events)
		if (event.format)
			for (const auto &field : event.format->fields)
				if (is_measured(field))
					all += (all.empty() ? "" : ", ") + field.name;
	return all;
}

class distribution
{
public:
	distribution(const hist_words &words, const std::vector<perfdata::recorded_event> &events)
		: words_(words), events_(events)
	{
		if (!words.pair.empty()) {
			std::tie(begin_, end_) = parse_pair(words);
			require(begin_, words.key, "--key");
			require(end_, words.key, "--key");
			if (!words.by.empty())
				require(end_, words.by, "--by");
			return;
		}
		require({}, words.field, "the field");
		if (!words.by.empty())
			require({}, words.by, "--by");
	}

	void add(const reader::record &record, const perfdata::recorded_event &event, uint64_t time)
	{
		if (record.type() != PERF_RECORD_SAMPLE || !event.format || !is_chosen(event))
			return;
		const auto sample = event.decoder.decode_sample(record);
		if (!sample)
			return;
		if (!words_.pair.empty())
			return add_pair(event, *sample, time);
		const auto *field = event.format->find(words_.field);
		const auto value = field ? field->integer(sample->raw) : std::nullopt;
		if (!value)
			return;
		if (field->is_signed && static_cast<int64_t>(*value) < 0)
			negative_++;
		else
			group_of(event, *sample).add(*value);
	}

	void print(std::FILE *to) const
	{
		const std::string title = words_.pair.empty()
						  ? words_.field
						  : fmt::format("ns from {} to {}", begin_, end_);
		if (groups_.empty())
			fmt::print(to, "{}\n  no values\n", title);
		for (const auto &[name, of] : groups_)
			fmt::print(to, "{}{}{}\n{}\n", title, name.empty() ? "" : ", ",
				   name.empty() ? "" : tracefile::printable(name),
				   analysis::draw(of));
		if (negative_)
			fmt::print(to, "{} negative values are left out\n",
				   group_digits(negative_));
		if (!words_.pair.empty())
			fmt::print(to, "{} begun and not ended, {} ended and not begun\n",
				   group_digits(begun_.size() + forgotten_),
				   group_digits(unbegun_));
	}

private:
	// Throws where no event that is looked at has the field, or not as a number.
	void require(const std::string &name, const std::string &field, const char *option) const
	{
		bool found = false;
		bool event_found = name.empty();
		for (const auto &event : events_) {
			if (!name.empty() && event.name != name)
				continue;
			event_found = true;
			const auto *of = event.format ? event.format->find(field) : nullptr;
			found |= of && (std::string_view(option) == "--by" || is_measured(*of));
		}
		if (!event_found)
			throw failure(exit_usage,
				      fmt::format("there is no event {}: see perfbuf list", name));
		if (found)
			return;
		const std::string all = fields_of_events(events_);
		throw failure(
			exit_usage,
			all.empty() ? fmt::format("{} {}: the events have no numbers in fields: "
						  "give a typed event with -e",
						  option, field)
				    : fmt::format("{} {}: there is no such number: give one of {}",
						  option, field, all));
	}

	bool is_chosen(const perfdata::recorded_event &event) const
	{
		const auto &names = words_.feed.words.events;
		if (!words_.pair.empty() || names.empty())
			return true;
		return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
			return event.name == name || event.name.starts_with(name + ":");
		});
	}

	analysis::histogram &group_of(const perfdata::recorded_event &event,
				      const reader::sample &sample)
	{
		std::string name;
		if (const auto *field = words_.by.empty() ? nullptr : event.format->find(words_.by))
			name = fmt::format("{}={}", words_.by, field->show(sample.raw));
		if (groups_.size() >= most_groups && !groups_.contains(name))
			name = "others";
		return groups_[name];
	}

	void add_pair(const perfdata::recorded_event &event, const reader::sample &sample,
		      uint64_t time)
	{
		const bool begins = event.name == begin_;
		if (!begins && event.name != end_)
			return;
		const auto *field = event.format->find(words_.key);
		const auto key = field ? field->integer(sample.raw) : std::nullopt;
		if (!key)
			return;
		if (begins) {
			if (begun_.size() >= most_begun && !begun_.contains(*key)) {
				forgotten_ += begun_.size();
				begun_.clear();
			}
			begun_[*key] = time;
			return;
		}
		const auto since = begun_.find(*key);
		if (since == begun_.end()) {
			unbegun_++;
			return;
		}
		group_of(event, sample).add(time - std::min(time, since->second));
		begun_.erase(since);
	}

	const hist_words &words_;
	const std::vector<perfdata::recorded_event> &events_;
	std::string begin_;
	std::string end_;
	std::map<std::string, analysis::histogram> groups_;
	std::unordered_map<uint64_t, uint64_t> begun_; // key to time
	uint64_t forgotten_ = 0;
	uint64_t unbegun_ = 0;
	uint64_t negative_ = 0;
};

int hist(hist_words &words, const call &from)
{
	if (words.pair.empty() == words.field.empty())
		throw failure(exit_usage, "give the field whose values are counted, as in perfbuf "
					  "hist -e nvq:complete latency, or --pair and --key");
	if (words.pair.empty() != words.key.empty())
		throw failure(exit_usage, "--pair and --key go together: --key is the field that "
					  "both events have");
	std::unique_ptr<feed> feed;
	if (!words.pair.empty()) {
		const auto [begin, end] = parse_pair(words);
		words.pair = begin + "," + end;
		words.feed.words.events.clear();
		words.feed.options.events = parse_events(words.pair);
	} else if (words.feed.input.empty() && words.feed.words.events.empty()) {
		throw failure(exit_usage, "give the event with -e, or a recording with -i");
	}
	if (!words.feed.input.empty()) {
		feed = open_recording(words.feed.input);
	} else {
		auto &options = words.feed.options;
		options.arguments = from.all;
		options.command = command_of(from);
		finish_record_options(options, from.app, words.feed.words);
		feed = open_live(options, from.open, std::chrono::milliseconds(1000));
	}
	distribution of(words, feed->events());
	const bool watched = feed->recorded() == nullptr && ::isatty(STDOUT_FILENO);
	const int status = feed->run(
		[&](const reader::record &record, const perfdata::recorded_event &event,
		    uint64_t time) { of.add(record, event, time); },
		[&](const pass_facts &facts) {
			if (watched && !facts.last) {
				fmt::print("\033[H\033[J");
				of.print(stdout);
				std::fflush(stdout);
			}
			if (facts.last && facts.lost)
				say("perfbuf: {} records were lost, and are not in it: give larger "
				    "rings with -m\n",
				    group_digits(facts.lost));
			return true;
		});
	if (watched)
		fmt::print("\033[H\033[J");
	of.print(stdout);
	return status;
}

} // namespace

command add_hist(CLI::App &program)
{
	const auto words = std::make_shared<hist_words>();
	auto *app = program.add_subcommand("hist", hist_about);
	app->add_option("FIELD", words->field, "the field whose values are counted");
	app->add_option("--by", words->by, "a histogram for each value of this field")
		->type_name("FIELD");
	app->add_option("--pair", words->pair,
			"two events: count the nanoseconds from the first to the second")
		->type_name("BEGIN,END");
	app->add_option("--key", words->key, "of --pair: what is the same in both")
		->type_name("FIELD");
	add_feed_options(*app, words->feed);
	return {app, [words](const call &from) { return hist(*words, from); }};
}

} // namespace perfbuf::program
