// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Events by name: which there are, how each is opened (perf_event_attr), and its fields.
 */
#pragma once

#include <cstdint>
#include <functional>
#include <linux/perf_event.h>
#include <perfbuf/decoder.hpp>
#include <perfbuf/format.hpp>
#include <perfbuf/record.hpp>
#include <perfbuf/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace perfbuf::reader
{

/** An event of a source, of a session (session.hpp) or of a recording (perf_data.hpp). */
struct described_event {
	std::string name;	   /**< "nvq:complete"; "clock": a source without typed events */
	std::string source;	   /**< "nvq" */
	perf_event_attr attr{};	   /**< for file::configure(): off, each occurrence is a sample */
	typed_format format;	   /**< its fields; none: the source has no typed events */
	std::string format_text;   /**< what format was parsed from */
	std::vector<uint64_t> ids; /**< of its files, once they are open */
	reader::decoder decoder{perf_event_attr{}}; /**< of its records */
};

/** A record, the event that it belongs to, and its time in ns. */
using event_visitor =
	std::function<void(const record &record, const described_event &event, uint64_t time)>;

/** Where the module's sources are; other places are for tests. */
struct lookup_paths {
	std::string devices = "/dev/perfbuf";
	std::string classes = "/sys/class/perfbuf";
};

/** @return "clock", "nvq:complete", "nvq:submit", ...: by name; empty without the module */
std::vector<std::string> list_events(const lookup_paths &where = {});

/**
 * @param name "<source>:<event>", or a source without typed events
 * Errors: ENOENT no such source or event, EINVAL its format makes no sense; the sentence names
 * those that there are.
 */
result<described_event> find_event(std::string_view name, const lookup_paths &where = {});

} // namespace perfbuf::reader
