// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command flame: counts stacks, and writes the page of the flame graph.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sstream>

#include "analysis/flame_page.hpp"
#include "program/command.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/samples.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *flame_about =
	R"(Draw where the time goes: one HTML file, which works offline, with search and zoom.

  perfbuf flame                               perf.data into flame.html
  perfbuf flame -a -g --duration 10           what the machine does, for ten seconds from now
  perfbuf flame -g -o make.html -- make       a command
  perfbuf flame -i perf.data --by thread      each thread for itself
  perfbuf flame -e nvq:complete --by event,queue --weight latency -a --duration 5

What stands in --by are the lowest frames: process, thread, cpu, event, none, or the name of a
field of a typed event. With --weight, a field's value says how wide a sample is.)";

struct flame_words {
	feed_words feed;
	symbol_words symbols;
	std::string output = "flame.html";
	std::string by = "process";
	std::string weight;
	std::string title;
};

std::vector<std::string> split(const std::string &text)
{
	std::vector<std::string> words;
	std::istringstream from(text);
	for (std::string word; std::getline(from, word, ',');)
		if (word != "none")
			words.push_back(word);
	return words;
}

bool is_group(const std::string &word)
{
	return word == "process" || word == "thread" || word == "cpu" || word == "event";
}

// A name that is no event's field would draw a graph without it, and give no reason.
void require_fields(const std::vector<std::string> &fields,
		    const std::vector<perfdata::recorded_event> &events, const char *option)
{
	std::string all;
	for (const auto &event : events)
		if (event.format)
			for (const auto &field : event.format->fields)
				all += (all.empty() ? "" : ", ") + field.name;
	for (const auto &field : fields) {
		bool known = is_group(field);
		for (const auto &event : events)
			known |= event.format && event.format->find(field);
		if (!known)
			throw failure(exit_usage,
				      all.empty()
					      ? fmt::format("{} {}: the events have no fields: "
							    "give process, thread, cpu or event",
							    option, field)
					      : fmt::format("{} {}: there is no such field: give "
							    "one of {}",
							    option, field, all));
	}
}

void add_groups(const analysis::described_sample &described, const std::vector<std::string> &by,
		analysis::frame_table &table, std::vector<uint32_t> &to)
{
	using analysis::frame_kind;
	for (const auto &word : by) {
		if (word == "process")
			to.push_back(table.number_of(frame_kind::group, described.comm));
		else if (word == "thread")
			to.push_back(table.number_of(
				frame_kind::group,
				fmt::format("{} {}", described.comm, described.sample.tid)));
		else if (word == "cpu")
			to.push_back(table.number_of(frame_kind::group,
						     fmt::format("CPU {}", described.sample.cpu)));
		else if (word == "event")
			to.push_back(table.number_of(frame_kind::group, described.event.name));
		else if (const auto *field = described.event.format
						     ? described.event.format->find(word)
						     : nullptr)
			to.push_back(table.number_of(
				frame_kind::field,
				fmt::format("{}={}", word, field->show(described.sample.raw))));
	}
}

int flame(flame_words &words, const call &from)
{
	const auto feed = open_feed(words.feed, from);
	const auto by = split(words.by);
	require_fields(by, feed->events(), "--by");
	if (!words.weight.empty())
		require_fields({words.weight}, feed->events(), "--weight");
	sample_feed samples(*feed, words.symbols);
	samples.warn_of_missing_names();

	analysis::flame_tree tree;
	const int status = samples.run([&](const analysis::described_sample &described) {
		uint64_t weight = 1;
		if (!words.weight.empty()) {
			const auto *field = described.event.format
						    ? described.event.format->find(words.weight)
						    : nullptr;
			const auto value =
				field ? field->integer(described.sample.raw) : std::nullopt;
			if (!value)
				return;
			weight = field->is_signed && static_cast<int64_t>(*value) < 0 ? 0 : *value;
		}
		std::vector<uint32_t> stack;
		add_groups(described, by, samples.frames(), stack);
		stack.insert(stack.end(), described.frames.begin(), described.frames.end());
		tree.add(stack, weight);
	});
	std::string events;
	for (const auto &event : feed->events())
		events += (events.empty() ? "" : ", ") + event.name;
	const std::string title =
		words.title.empty() ? fmt::format("{} ({})", events, feed->name()) : words.title;
	output_file to(words.output, *feed);
	to.write(analysis::flame_html(tree, samples.frames(),
				      {title, words.weight.empty() ? "" : "by " + words.weight,
				       words.weight.empty() ? "samples" : words.weight}));
	to.close();
	if (tree.cut())
		say("perfbuf: the graph has {} frames, which is the most: the stacks of {} samples "
		    "are cut: record for a shorter time\n",
		    group_digits(tree.size()), group_digits(tree.cut()));
	say("[ perfbuf: {} samples -> {} ]\n", group_digits(samples.samples()), words.output);
	if (!samples.samples())
		say("perfbuf: without samples the graph is empty: record longer, or something "
		    "that runs\n");
	return status;
}

} // namespace

command add_flame(CLI::App &program)
{
	const auto words = std::make_shared<flame_words>();
	auto *app = program.add_subcommand("flame", flame_about)->prefix_command();
	app->add_option("-o,--output", words->output, "the HTML file; - is standard output")
		->type_name("FILE")
		->capture_default_str();
	app->add_option("--by", words->by,
			"the lowest frames, with commas: process, thread, cpu, event, none, or "
			"fields")
		->type_name("WHAT")
		->capture_default_str();
	app->add_option("--weight", words->weight,
			"the field whose value says how wide a sample is [each is as wide]")
		->type_name("FIELD");
	app->add_option("--title", words->title, "what stands over it")->type_name("TEXT");
	add_symbol_options(*app, words->symbols);
	add_feed_options(*app, words->feed);
	return {app, [words](const call &from) { return flame(*words, from); }};
}

} // namespace perfbuf::program
