// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The events in the rings of a recorder. */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "recorder/description.hpp"

namespace perfbuf::recorder
{

/** The ring of a CPU, as it was copied or found. */
struct ring {
	uint32_t cpu = 0;
	uint64_t published = 0; /**< behind the last record that is complete */
	uint64_t reserved = 0;	/**< behind the last that was begun */
	std::array<uint64_t, PERFBUF_RECORDER_MARKS> marks{};
	std::vector<std::byte> data;
};

struct recorded_event {
	uint64_t time = 0; /**< ns of perf's clock */
	uint32_t cpu = 0;
	uint32_t pid = 0;
	uint32_t tid = 0;
	const described_event *event = nullptr;
	std::vector<std::byte> payload; /**< with its padding */
};

/** The counts of records that were left out. */
struct omissions {
	uint64_t overwritten = 0; /**< bytes, while they were copied */
	uint64_t incomplete = 0;  /**< writers that were in the middle of a record */
	uint64_t damaged = 0;	  /**< places that make no sense */
	uint64_t lost = 0;	  /**< events that the ring itself lost */
};

enum class moment {
	live,	 /**< writers went on: what is not published is left out */
	stopped, /**< a crash: writers may have been stopped anywhere */
};

/** All events of `from`, in the order of their times; in `left_out` what is missing is counted up.
 */
std::vector<recorded_event> events_of(const std::vector<ring> &from, const description &of,
				      moment when, omissions &left_out);

} // namespace perfbuf::recorder
