// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints events of recorders, or writes them as a perf.data.
#include "program/recorder_output.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "perfdata/features.hpp"
#include "perfdata/tracing_data.hpp"
#include "perfdata/writer.hpp"
#include "program/destination.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "recorder/show.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

struct ordered_event {
	const recorder_events *in;
	const recorder::recorded_event *event;
};

std::vector<ordered_event> in_order(const std::vector<recorder_events> &all)
{
	std::vector<ordered_event> made;
	for (const auto &each : all)
		for (const auto &event : each.events)
			made.push_back({&each, &event});
	std::stable_sort(made.begin(), made.end(),
			 [](const ordered_event &a, const ordered_event &b) {
				 return a.event->time < b.event->time;
			 });
	return made;
}

perf_event_attr attr_of(const recorder::described_event &event)
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = event.format.id;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			   PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;
	attr.sample_id_all = 1;
	attr.exclude_guest = 1;
	return attr;
}

// As the ring has it, and the identifier that a file of several events needs.
void put_sample(perfdata::bytes &to, const recorder::recorded_event &of, uint64_t id)
{
	const size_t size = sizeof(perf_event_header) + 4 * sizeof(uint64_t) + sizeof(uint32_t) +
			    of.payload.size();
	to.put(perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL,
				 static_cast<uint16_t>(size)});
	to.put(id);
	to.put(of.pid);
	to.put(of.tid);
	to.put(of.time);
	to.put(uint64_t{of.cpu});
	to.put(static_cast<uint32_t>(of.payload.size()));
	to.put_raw(of.payload.data(), of.payload.size());
}

reader::result<void> write_file(const std::vector<recorder_events> &all,
				const std::vector<ordered_event> &order, const std::string &output,
				const std::vector<std::string> &arguments)
{
	std::vector<perfdata::described_attr> attrs;
	std::map<const recorder::described_event *, uint64_t> ids;
	for (const auto &each : all)
		for (const auto &event : each.of->of.events) {
			ids[&event] = attrs.size() + 1;
			attrs.push_back({attr_of(event),
					 {attrs.size() + 1},
					 each.of->of.source + ":" + event.format.name,
					 event.text});
		}
	perfdata::feature_map features;
	perfdata::add_host_features(features, "perfbuf " PERFBUF_VERSION);
	perfdata::add_command_line(features, arguments);
	perfdata::add_event_description(features, attrs);
	perfdata::add_tracing_data(features, attrs);
	if (order.empty())
		perfdata::add_sample_time(features, 0, 0);
	else
		perfdata::add_sample_time(features, order.front().event->time,
					  order.back().event->time);

	perfdata::writer to(perfdata::output(create_file(output)), perfdata::layout::file);
	auto done = to.begin(attrs, features);
	for (const auto &each : order) {
		if (!done)
			break;
		perfdata::bytes record;
		// The largest record has no space for an identifier: it cannot be in the file.
		if (each.event->payload.size() > UINT16_MAX - 64)
			continue;
		put_sample(record, *each.event, ids[each.event->event]);
		done = to.append(record.view());
	}
	// If the disk is full, the file has the records that there was space for.
	const auto finished = to.finish(features);
	if (!done)
		return done;
	if (!finished)
		return finished.error();
	if (*finished)
		return reader::system_error(output, ENOSPC);
	return {};
}

} // namespace

void write_events(const std::vector<recorder_events> &all, const std::string &output,
		  const std::vector<std::string> &arguments)
{
	const auto order = in_order(all);
	if (!output.empty()) {
		if (auto done = write_file(all, order, output, arguments); !done)
			throw plain_failure(done.error());
		return;
	}
	for (const auto &each : order)
		fmt::print("{}\n", tracefile::printable(
					   recorder::line_of(each.in->of->of.source, *each.event)));
}

std::string summary(const std::vector<recorder_events> &all, const recorder::omissions &left_out)
{
	size_t events = 0;
	for (const auto &each : all)
		events += each.events.size();
	std::string made = fmt::format("{} event{}", events, events == 1 ? "" : "s");
	if (left_out.overwritten)
		made += fmt::format(", {} bytes overwritten while they were read",
				    left_out.overwritten);
	if (left_out.incomplete)
		made += fmt::format(", {} incomplete", left_out.incomplete);
	if (left_out.damaged)
		made += fmt::format(", {} places damaged", left_out.damaged);
	if (left_out.lost)
		made += fmt::format(", {} lost", left_out.lost);
	return made;
}

} // namespace perfbuf::program
