// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The description of a flight recorder: struct perfbuf_recorder_description. It may come out of a
 * crash dump, so nothing in it is believed before it was checked.
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/perfbuf_recorder.h>
#include <perfbuf/format.hpp>
#include <perfbuf/result.hpp>
#include <span>
#include <string>
#include <vector>

namespace perfbuf::recorder
{

/** Of a description, of a ring: more is taken for damage. */
inline constexpr uint64_t most_cpus = 8192;
inline constexpr uint64_t most_events = 65536;
inline constexpr uint64_t most_ring_bytes = uint64_t{1} << 31;

struct described_event {
	reader::typed_format format;
	std::string text;	     /**< that `format` was parsed from */
	std::size_t least_bytes = 0; /**< of a payload that has all fixed fields */
};

struct described_cpu {
	uint32_t cpu = 0;
	uint64_t published_at = 0; /**< physical addresses */
	uint64_t reserved_at = 0;
	uint64_t marks_at = 0;
	std::vector<uint64_t> frames;
};

struct description {
	std::string source;
	uint64_t number = 0;
	uint64_t bytes_per_cpu = 0;
	uint64_t clock_ns = 0;
	uint64_t realtime_ns = 0;
	std::vector<described_event> events;
	std::vector<described_cpu> cpus;

	/** @return the event whose payloads begin with `id`, or nullptr */
	const described_event *find(uint64_t id) const noexcept;
};

/** Errors: EBADMSG, with what does not fit. */
reader::result<description> parse_description(std::span<const std::byte> bytes);

/** A T that begins at `at`, if all of it is there. */
template <typename T>
bool load(std::span<const std::byte> from, uint64_t at, T &to)
{
	if (at > from.size() || sizeof(T) > from.size() - at)
		return false;
	std::memcpy(&to, from.data() + at, sizeof(T));
	return true;
}

inline reader::error damaged(std::string message)
{
	return reader::system_error(std::move(message), EBADMSG);
}

} // namespace perfbuf::recorder
