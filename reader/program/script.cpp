// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command script: prints samples as lines.
#include "program/script.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>
#include <unordered_map>

#include "analysis/values.hpp"
#include "program/command.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *script_about =
	R"(Print samples as they happened, one after the other: of a recording, or live.

  perfbuf script                              perf.data
  perfbuf script -a -e 'mydev:*'              what happens now, until Ctrl-C
  perfbuf script -a -e mydev:tick --duration 5
  perfbuf record -a -o - -- make | perfbuf script -i -

The order is that of the times, over all CPUs. A line has the thread, the CPU, the time in
seconds, the event and its fields. The counts of the event or of its group follow, if the sample
has them (perf record -e '{...}:S'), and callers, the innermost first.)";

struct script_words {
	feed_words feed;
	symbol_words symbols;
};

using names_by_id = std::unordered_map<uint64_t, std::string>;

names_by_id names_of_ids(const std::vector<perfdata::recorded_event> &events)
{
	names_by_id names;
	for (const auto &event : events)
		for (const uint64_t id : event.ids)
			names[id] = tracefile::printable(event.name);
	return names;
}

/** The counts of a sample with PERF_SAMPLE_READ, a line each. */
void print_counts(const reader::sampled_counts &counts, const names_by_id &names)
{
	for (size_t at = 0; at < counts.size(); at++) {
		const auto count = counts[at];
		const auto found = names.find(count.id);
		const std::string_view name =
			found == names.end() ? std::string_view() : found->second;
		fmt::print("{:>24} {}{}{}\n", "", count.value, name.empty() ? "" : " ", name);
	}
}

void print(const analysis::described_sample &described, const analysis::frame_table &frames,
	   const names_by_id &names)
{
	const auto &sample = described.sample;
	fmt::print("{:>16} {:>7}/{:<7} [{:03}] {}: {}:", tracefile::printable(described.comm),
		   sample.pid, sample.tid, sample.cpu, tracefile::show_time(described.time),
		   tracefile::printable(described.event.name));
	if (described.event.format)
		fmt::print(" {}", tracefile::printable(analysis::fields_text(
					  *described.event.format, sample.raw)));
	const bool chain = !sample.callchain.empty();
	if (!chain && !described.frames.empty() && !described.event.format)
		fmt::print(" {}", tracefile::printable(frames[described.frames.back()].name));
	fmt::print("\n");
	print_counts(sample.read, names);
	for (size_t at = described.frames.size(); chain && at > 0; at--) {
		const auto &frame = frames[described.frames[at - 1]];
		fmt::print(
			"{:>24} {}\n", "",
			tracefile::printable(frame.name +
					     (frame.file.empty() ? "" : " [" + frame.file + "]")));
	}
}

} // namespace

int print_samples(feed &from, const symbol_words &symbols)
{
	sample_feed samples(from, symbols);
	samples.warn_of_missing_names();
	const auto names = names_of_ids(from.events());
	return samples.run(
		[&](const analysis::described_sample &described) {
			print(described, samples.frames(), names);
		},
		[](const pass_facts &) {
			return std::fflush(stdout) == 0 && !std::ferror(stdout);
		});
}

command add_script(CLI::App &program)
{
	const auto words = std::make_shared<script_words>();
	auto *app = program.add_subcommand("script", script_about)->prefix_command();
	add_symbol_options(*app, words->symbols);
	add_feed_options(*app, words->feed);
	return {app, [words](const call &from) {
			// A person who watches needs the lines soon, without a write for each pass
			// of a busy machine.
			const auto feed =
				open_feed(words->feed, from, std::chrono::milliseconds(200),
					  perfdata::piped::live);
			return print_samples(*feed, words->symbols);
		}};
}

} // namespace perfbuf::program
