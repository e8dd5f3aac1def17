/* SPDX-License-Identifier: GPL-2.0 */
/* Records whose every word follows from their number, so that a torn one is known. */
#pragma once

#include "ring/abi.hpp"

#include <cstring>

namespace perfbuf::model
{

inline constexpr u32 smallest_record = 24;
inline constexpr u32 largest_record = 128;

inline u64 word_of(u32 id, u32 index) noexcept
{
	return (u64{id} + 1) * 0x9e3779b97f4a7c15ULL + index;
}

/* A sample of @bytes: header, number, words. */
inline void make_record(u64 *words, u32 id, u32 bytes) noexcept
{
	const perf_event_header header = {
		.type = PERF_RECORD_SAMPLE, .misc = 0, .size = static_cast<u16>(bytes)};

	std::memcpy(words, &header, sizeof(header));
	words[1] = id;
	for (u32 i = 2; i < bytes / 8; i++)
		words[i] = word_of(id, i);
}

inline bool is_whole(const u64 *words, u32 bytes) noexcept
{
	for (u32 i = 2; i < bytes / 8; i++)
		if (words[i] != word_of(static_cast<u32>(words[1]), i))
			return false;
	return true;
}

} // namespace perfbuf::model
