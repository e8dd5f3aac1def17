/* SPDX-License-Identifier: GPL-2.0 */
/* CRC-32 as zlib has it. */
#pragma once

#include "ring/abi.hpp"

namespace perfbuf
{

struct crc32_table {
	u32 of[256] = {};

	constexpr crc32_table() noexcept
	{
		for (u32 byte = 0; byte < 256; byte++) {
			u32 value = byte;

			for (u32 bit = 0; bit < 8; bit++)
				value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
			of[byte] = value;
		}
	}
};

inline u32 crc32(const void *from, u64 bytes) noexcept
{
	static constexpr crc32_table table;
	const u8 *at = static_cast<const u8 *>(from);
	u32 value = ~0u;

	for (; bytes; bytes--)
		value = value >> 8 ^ table.of[(value ^ *at++) & 0xff];
	return ~value;
}

} // namespace perfbuf
