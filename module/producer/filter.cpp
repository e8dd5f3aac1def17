// SPDX-License-Identifier: GPL-2.0
/* A filter's comparisons of strings. The rest is inline; filter_parser.cpp makes filters. Any
 * context. */
#include "producer/filter.hpp"

#include "producer/text_search.hpp"

namespace perfbuf
{

namespace
{

/* Up to the first NUL, or all of it. */
u32 text_bytes(const char *text, u32 bytes) noexcept
{
	u32 n = 0;

	while (n < bytes && text[n])
		n++;
	return n;
}

} // namespace

bool filter::holds_text(const test &test, const char *fixed,
			const perfbuf_part *parts) const noexcept
{
	const word &wanted = words_[&test - tests_];
	const bool is_part = test.kind == test_kind::part;
	const char *text =
		is_part ? static_cast<const char *>(parts[test.place].from) : fixed + test.at;
	const u32 n = text_bytes(text, is_part ? parts[test.place].bytes : test.place);

	if (n < wanted.bytes)
		return false;

	const u32 last = n - wanted.bytes;

	if (wanted.any_before && wanted.any_behind)
		return contains(text, n, wanted);
	if (last && !wanted.any_before && !wanted.any_behind)
		return false;
	return !__builtin_memcmp(text + (wanted.any_before ? last : 0), wanted.text, wanted.bytes);
}

} // namespace perfbuf
