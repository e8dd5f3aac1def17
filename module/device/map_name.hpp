/* SPDX-License-Identifier: GPL-2.0 */
/* The name of a mapping, as perf gives it in PERF_RECORD_MMAP. Any context. */
#pragma once

#include "glue/maps.h"
#include "ring/abi.hpp"

#include <cxxrt/std.hpp>

namespace perfbuf
{

/* The name, and zeros to the next multiple of a record's alignment. Valid while the map is. */
class map_name
{
public:
	explicit map_name(const pb_map &map) noexcept
	{
		if (map.is_file && map.path) {
			pad(map.path, map.path_bytes);
			return;
		}

		const char *name = map.is_file ? "//toolong" : without_file(map);
		u32 length = 0;

		while (name[length] && length < sizeof(short_) - 1) {
			short_[length] = name[length];
			length++;
		}
		pad(short_, length + 1);
	}

	map_name(const map_name &) = delete;
	map_name &operator=(const map_name &) = delete;

	const char *text() const noexcept { return text_; }
	u32 bytes() const noexcept { return bytes_; }

private:
	static const char *without_file(const pb_map &map) noexcept
	{
		const u64 end = map.start + map.bytes;

		if (map.name)
			return map.name;
		if (map.start < map.heap_end && end > map.heap_start)
			return "[heap]";
		if (map.start <= map.stack_start && end >= map.stack_start)
			return "[stack]";
		return "//anon";
	}

	void pad(char *text, u32 bytes) noexcept
	{
		text_ = text;
		bytes_ = cxxrt::round_up<u32>(bytes, record_alignment);
		__builtin_memset(text + bytes, 0, bytes_ - bytes);
	}

	/* perf cuts names that are no paths to so many bytes. */
	char short_[16] = {};
	const char *text_;
	u32 bytes_;
};

} // namespace perfbuf
