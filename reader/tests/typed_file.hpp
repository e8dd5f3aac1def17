// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What a perf.data of typed events is made of. */
#pragma once

#include <string>

#include "perfdata_file.hpp"
#include "typed_event.hpp"

namespace perfbuf::tests
{

inline constexpr uint64_t all_file = 5000;
inline constexpr uint64_t other_file = 5001;
inline constexpr uint16_t other_id = 2000;

inline perfdata::described_attr typed_description(const std::string &name, uint16_t id,
						  uint64_t file)
{
	perfdata::described_attr made;
	made.attr.type = PERF_TYPE_TRACEPOINT;
	made.attr.config = id;
	made.attr.sample_period = 1;
	made.attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;
	made.attr.read_format = PERF_FORMAT_ID;
	made.attr.sample_id_all = made.attr.exclude_guest = 1;
	made.ids = {file};
	made.name = name;
	made.format = typed_format_text(name.substr(name.find(':') + 1), id);
	return made;
}

inline perfdata::bytes typed_sample(const typed_values &values, uint16_t id, uint64_t file,
				    uint64_t time)
{
	const auto payload = values.payload(id);
	perfdata::bytes all;
	all.put(perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL,
				  static_cast<uint16_t>(8 + 5 * 8 + 4 + payload.size())});
	all.put(file);
	all.put(uint64_t{0xffffffff81000000});
	all.put(uint32_t{77});
	all.put(uint32_t{77});
	all.put(time);
	all.put(uint64_t{0});
	all.put(static_cast<uint32_t>(payload.size()));
	all.put_raw(payload.view().data(), payload.size());
	return all;
}

} // namespace perfbuf::tests
