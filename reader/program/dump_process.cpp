// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf dump --pid: the rings of another process as a recording, and that as text.
#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "perfdata/features.hpp"
#include "perfdata/tracing_data.hpp"
#include "perfdata/writer.hpp"
#include "program/cli_recorder.hpp"
#include "program/destination.hpp"
#include "program/failure.hpp"
#include "program/feed.hpp"
#include "program/parse.hpp"
#include "program/process_rings.hpp"
#include "program/say.hpp"
#include "program/script.hpp"

namespace perfbuf::program
{

namespace
{

struct placed {
	uint64_t time;
	std::vector<std::byte> bytes;
};

// Every record with the identifier where a file of several events needs it.
std::vector<std::byte> with_id(const reader::record &of, const process_file &from)
{
	const auto bytes = of.bytes();
	std::vector<std::byte> made(bytes.begin(), bytes.end());
	if (from.attr.sample_type & PERF_SAMPLE_IDENTIFIER)
		return made;
	const auto *id = reinterpret_cast<const std::byte *>(&from.id);
	// First in a sample, last in all others.
	const auto at = of.type() == PERF_RECORD_SAMPLE ? made.begin() + sizeof(perf_event_header)
							: made.end();
	made.insert(at, id, id + sizeof(from.id));
	auto header = of.header();
	header.size = static_cast<uint16_t>(made.size());
	std::memcpy(made.data(), &header, sizeof(header));
	return made;
}

class dumped
{
public:
	explicit dumped(const process_rings &from) : from_(from)
	{
		for (const auto &each : from.files)
			decoders_.emplace_back(each.attr);
		for (const auto &each : from.rings) {
			counts_.left_out += each.copied.left_out;
			uint64_t time = 0;
			each.copied.each([&](const reader::record &record) {
				add(record, each.ring, time);
			});
		}
		std::stable_sort(records_.begin(), records_.end(),
				 [](const auto &a, const auto &b) { return a.time < b.time; });
	}

	const std::vector<placed> &records() const { return records_; }
	const process_dump &counts() const { return counts_; }

private:
	// @param time of the record before in the same ring: one without a time follows it
	void add(const reader::record &record, uint64_t ring, uint64_t &time)
	{
		const auto which = file_of(record, ring);
		if (!which) {
			counts_.unknown++;
			return;
		}
		const reader::decoder &by = decoders_[*which];
		const process_file &file = from_.files[*which];
		if (record.type() == PERF_RECORD_LOST) {
			const auto decoded = by.decode(record);
			if (const auto *loss = std::get_if<reader::lost_event>(&decoded))
				counts_.lost += loss->lost;
		}
		time = by.time_of(record).value_or(time);
		// A record without an identity cannot be distinguished from those of other files.
		if (record.type() != PERF_RECORD_SAMPLE && !file.attr.sample_id_all)
			return;
		if (record.size() > std::numeric_limits<uint16_t>::max() - sizeof(uint64_t)) {
			counts_.unknown++;
			return;
		}
		records_.push_back({time, with_id(record, file)});
		counts_.records += record.type() == PERF_RECORD_SAMPLE;
	}

	// By the id in the record, if several files write to the ring.
	std::optional<size_t> file_of(const reader::record &record, uint64_t ring) const
	{
		std::optional<size_t> only;
		size_t files = 0;
		for (size_t at = 0; at < from_.files.size(); at++) {
			if (from_.files[at].ring != ring)
				continue;
			files++;
			only = at;
			if (decoders_[at].id_of(record) == from_.files[at].id)
				return at;
		}
		return files == 1 ? only : std::nullopt;
	}

	const process_rings &from_;
	std::vector<reader::decoder> decoders_;
	std::vector<placed> records_;
	process_dump counts_;
};

std::vector<perfdata::described_attr> attrs_of(const process_rings &from)
{
	std::vector<perfdata::described_attr> made;
	for (const auto &each : from.files) {
		perfdata::described_attr described{each.attr, {each.id}, each.of->name, {}};
		described.attr.sample_type |= PERF_SAMPLE_IDENTIFIER;
		described.attr.sample_id_all = 1;
		for (const auto &event : each.of->events)
			if (each.attr.type == PERF_TYPE_TRACEPOINT &&
			    event.id == each.attr.config) {
				described.name += ":" + event.name;
				described.format = event.format;
			}
		const auto same = std::find_if(made.begin(), made.end(), [&](const auto &other) {
			return other.name == described.name &&
			       !std::memcmp(&other.attr, &described.attr, sizeof(described.attr));
		});
		if (same == made.end())
			made.push_back(std::move(described));
		else
			same->ids.push_back(each.id);
	}
	return made;
}

void write_recording(const process_rings &from, const dumped &events, reader::unique_fd to,
		     const std::vector<std::string> &arguments)
{
	const auto attrs = attrs_of(from);
	perfdata::feature_map features;
	perfdata::add_host_features(features, "perfbuf " PERFBUF_VERSION);
	perfdata::add_command_line(features, arguments);
	perfdata::add_event_description(features, attrs);
	perfdata::add_tracing_data(features, attrs);
	if (events.records().empty())
		perfdata::add_sample_time(features, 0, 0);
	else
		perfdata::add_sample_time(features, events.records().front().time,
					  events.records().back().time);
	if (attrs.front().attr.use_clockid)
		perfdata::add_clock(features, attrs.front().attr.clockid);

	const auto check = [](const auto &done) {
		if (!done)
			throw plain_failure(done.error());
	};
	perfdata::writer writer(perfdata::output(std::move(to)), perfdata::layout::file);
	auto done = writer.begin(attrs, features);
	for (const auto &each : events.records()) {
		if (!done)
			break;
		done = writer.append(each.bytes);
	}
	// If the disk is full, the file has the records that there was space for.
	const auto given_up = writer.finish(features);
	check(done);
	check(given_up);
	if (*given_up)
		throw failure(exit_failed, "the disk is full: the dump is not whole");
}

// The functions of the kernel are read for addresses alone.
symbol_words symbols_for(const process_rings &of)
{
	const bool addresses = std::any_of(of.files.begin(), of.files.end(), [](const auto &each) {
		return each.attr.sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN);
	});
	return {.no_inline = !addresses, .kallsyms = addresses ? "" : no_kallsyms};
}

} // namespace

process_dump write_process_dump(const process_rings &from, reader::unique_fd to,
				const std::vector<std::string> &arguments)
{
	const dumped events(from);
	write_recording(from, events, std::move(to), arguments);
	return events.counts();
}

int dump_process(const dump_options &options)
{
	const auto pids = parse_pids(options.pid);
	if (pids.size() != 1)
		throw failure(exit_usage, "--pid takes one process");
	if (options.keep)
		throw failure(exit_usage, "--keep is for recorders: leave it out with --pid");
	const auto sources = read_sources();
	const process_rings found = copy_process_rings(pids.front(), options.recorder, sources);
	process_dump counts;
	if (options.output.empty()) {
		const reader::unique_fd file = create_nameless_file();
		counts = write_process_dump(found, reader::unique_fd(::dup(file.get())),
					    options.arguments);
		const auto feed = open_recording(fmt::format("/proc/self/fd/{}", file.get()));
		print_samples(*feed, symbols_for(found));
	} else {
		counts = write_process_dump(found, create_file(options.output), options.arguments);
	}
	std::string summary =
		fmt::format("{} event{}", counts.records, counts.records == 1 ? "" : "s");
	if (counts.left_out)
		summary += fmt::format(", {} bytes overwritten or before the first that is whole",
				       counts.left_out);
	if (counts.lost)
		summary += fmt::format(", {} lost", counts.lost);
	if (counts.unknown)
		summary +=
			fmt::format(", {} of no file of the process or too long", counts.unknown);
	say("[ perfbuf: {} of {} ring{} of process {} ]\n", summary, found.rings.size(),
	    found.rings.size() == 1 ? "" : "s", pids.front());
	return 0;
}

} // namespace perfbuf::program
