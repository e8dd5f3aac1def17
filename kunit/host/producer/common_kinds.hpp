/* SPDX-License-Identifier: GPL-2.0 */
/* An event with a field of each of the commonest kinds, for the tests of formats and of filters. */
#pragma once

#include "producer/filter.hpp"

#include <iterator>

namespace perfbuf::common_kinds
{

inline constexpr perfbuf_name states[] = {
	{u64(-1), "none"}, {0, "idle"}, {1, "busy"}, {0, nullptr}};

inline constexpr perfbuf_field fields[] = {
	{"u8", "a", nullptr, 8, 1, 1, PERFBUF_KIND_INT, 0},
	{"s32", "b", nullptr, 9, 4, 1, PERFBUF_KIND_INT, 1},
	{"u64", "c", nullptr, 13, 8, 1, PERFBUF_KIND_HEX, 0},
	{"s8", "state", states, 21, 1, 1, PERFBUF_KIND_ENUM, 1},
	{"char", "name", nullptr, 22, 4, 4, PERFBUF_KIND_CHARS, 1},
	{"char", "text", nullptr, 26, 4, 0, PERFBUF_KIND_STRING, 0},
};

struct [[gnu::packed]] values {
	perfbuf_common common;
	u8 a;
	s32 b;
	u64 c;
	std::int8_t state;
	char name[4];
	u32 text;
};

inline constexpr perfbuf_layout layout = {fields, std::size(fields), sizeof(values)};

/* A new filter of @text, or the error. */
inline cxxrt::result<cxxrt::unique_ptr<filter>> parse(const char *text, const perfbuf_layout &of,
						      perfbuf_filter_check *where = nullptr)
{
	auto made = TRY(cxxrt::make<filter>(cxxrt::gfp::kernel));

	TRY(made->parse(text, of, where));
	return made;
}

} // namespace perfbuf::common_kinds
