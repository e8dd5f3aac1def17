// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file CRC-32, as zlib has it, computed with a table. */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace perfbuf::tracefile
{

namespace detail
{

constexpr std::array<uint32_t, 256> make_crc_table() noexcept
{
	std::array<uint32_t, 256> table{};
	for (uint32_t byte = 0; byte < table.size(); byte++) {
		uint32_t value = byte;
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
		table[byte] = value;
	}
	return table;
}

inline constexpr auto crc_table = make_crc_table();

} // namespace detail

/** @return the CRC-32 of Ethernet and zip; `before`: of what stands in front */
constexpr uint32_t crc32(std::span<const std::byte> bytes, uint32_t before = 0) noexcept
{
	uint32_t value = ~before;
	for (const std::byte each : bytes)
		value = value >> 8 ^
			detail::crc_table[(value ^ std::to_integer<uint32_t>(each)) & 0xff];
	return ~value;
}

} // namespace perfbuf::tracefile
