// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A record out of circular data, whole even where it wraps. Shared by ring and snapshot. */
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <perfbuf/record.hpp>
#include <span>

namespace perfbuf::reader
{

/** A record's size is a u16. */
inline constexpr size_t longest_record = 65536;

/**
 * @param available bytes that may be read from `position` on
 * @param scratch   longest_record bytes, for a record that wraps
 * @return the record, or an empty span if its size is impossible
 */
inline std::span<const std::byte> record_at(std::span<const std::byte> data, uint64_t position,
					    uint64_t available, std::byte *scratch) noexcept
{
	// Positions and sizes are multiples of 8 and so is the data: a header never wraps.
	if (position % 8 != 0 || available < sizeof(perf_event_header))
		return {};
	const size_t offset = position & (data.size() - 1);
	perf_event_header header;
	std::memcpy(&header, data.data() + offset, sizeof(header));
	const size_t size = header.size;
	if (!plausible_size(size, available))
		return {};

	const size_t before_end = data.size() - offset;
	if (size <= before_end)
		return data.subspan(offset, size);
	std::memcpy(scratch, data.data() + offset, before_end);
	std::memcpy(scratch + before_end, data.data(), size - before_end);
	return {scratch, size};
}

} // namespace perfbuf::reader
