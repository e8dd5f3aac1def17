// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the description of a recorder, every offset checked.
#include "recorder/description.hpp"

#include <algorithm>
#include <bit>
#include <cctype>

namespace perfbuf::recorder
{

namespace
{

bool is_name(const std::string &text)
{
	return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
		return std::isalnum(static_cast<unsigned char>(character)) || character == '_' ||
		       character == '-';
	});
}

bool parse_cpus(std::span<const std::byte> bytes, const perfbuf_recorder_description &head,
		description &to)
{
	for (uint64_t at = 0; at < head.cpu_count; at++) {
		perfbuf_recorder_cpu raw;
		if (!load(bytes, head.cpus_at + at * sizeof(raw), raw) ||
		    uint64_t{raw.page_count} * PERFBUF_RECORDER_PAGE != head.bytes_per_cpu)
			return false;
		described_cpu cpu{raw.cpu, raw.published_at, raw.reserved_at, raw.marks_at, {}};
		for (uint64_t page = 0; page < raw.page_count; page++) {
			uint64_t frame;
			if (!load(bytes, raw.frames_at + page * sizeof(frame), frame))
				return false;
			cpu.frames.push_back(frame);
		}
		to.cpus.push_back(std::move(cpu));
	}
	return true;
}

bool parse_events(std::span<const std::byte> bytes, const perfbuf_recorder_description &head,
		  description &to)
{
	uint64_t text_bytes = 0;
	for (uint64_t at = 0; at < head.event_count; at++) {
		perfbuf_recorder_event raw;
		if (!load(bytes, head.events_at + at * sizeof(raw), raw) ||
		    raw.format_at > bytes.size() || raw.format_bytes > bytes.size() - raw.format_at)
			return false;
		// Each event has a text of its own: together they fit into the description.
		text_bytes += raw.format_bytes;
		if (text_bytes > bytes.size())
			return false;
		described_event event;
		event.text.assign(reinterpret_cast<const char *>(bytes.data()) + raw.format_at,
				  raw.format_bytes);
		auto format = reader::parse_format(event.text);
		if (!format || format->id != raw.id || !is_name(format->name))
			return false;
		event.format = std::move(*format);
		event.least_bytes = sizeof(uint64_t);
		for (const auto &field : event.format.fields)
			event.least_bytes = std::max(event.least_bytes, field.offset + field.size);
		to.events.push_back(std::move(event));
	}
	return true;
}

} // namespace

const described_event *description::find(uint64_t id) const noexcept
{
	for (const auto &event : events)
		if (event.format.id == id)
			return &event;
	return nullptr;
}

reader::result<description> parse_description(std::span<const std::byte> bytes)
{
	perfbuf_recorder_description head;
	if (!load(bytes, 0, head) || head.bytes < sizeof(head))
		return damaged("the description of a recorder is cut short");
	if (head.version != PERFBUF_RECORDER_VERSION)
		return damaged("a recorder is of version " + std::to_string(head.version) +
			       ", this program reads version " +
			       std::to_string(PERFBUF_RECORDER_VERSION));
	description made;
	made.source.assign(head.source, ::strnlen(head.source, sizeof(head.source)));
	made.number = head.number;
	made.bytes_per_cpu = head.bytes_per_cpu;
	made.clock_ns = head.clock_ns;
	made.realtime_ns = head.realtime_ns;
	if (!is_name(made.source) || !std::has_single_bit(head.bytes_per_cpu) ||
	    head.bytes_per_cpu < PERFBUF_RECORDER_PAGE || head.bytes_per_cpu > most_ring_bytes ||
	    head.cpu_count > most_cpus ||
	    // Each page of a ring has a word of its own here.
	    head.cpu_count * (head.bytes_per_cpu / PERFBUF_RECORDER_PAGE) >
		    bytes.size() / sizeof(uint64_t) ||
	    head.event_count > most_events || !parse_cpus(bytes, head, made) ||
	    !parse_events(bytes, head, made))
		return damaged("the description of a recorder makes no sense");
	return made;
}

} // namespace perfbuf::recorder
