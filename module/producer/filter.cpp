// SPDX-License-Identifier: GPL-2.0
/* What a filter does for each record; how it is made is in filter_parser.cpp. */
#include "producer/filter.hpp"

namespace perfbuf
{

namespace
{

u64 load(const void *at, u32 bytes, bool is_signed) noexcept
{
	switch (bytes) {
	case 1: {
		u8 value;

		__builtin_memcpy(&value, at, 1);
		return is_signed ? static_cast<u64>(static_cast<std::int8_t>(value)) : value;
	}
	case 2: {
		u16 value;

		__builtin_memcpy(&value, at, 2);
		return is_signed ? static_cast<u64>(static_cast<std::int16_t>(value)) : value;
	}
	case 4: {
		u32 value;

		__builtin_memcpy(&value, at, 4);
		return is_signed ? static_cast<u64>(static_cast<s32>(value)) : value;
	}
	}

	u64 value;

	__builtin_memcpy(&value, at, 8);
	return value;
}

bool compare(const filter::predicate &one, u64 value) noexcept
{
	/* As signed numbers, or with the sign bit turned, so that one comparison does for both. */
	const u64 turn = one.is_signed ? 0 : u64{1} << 63;
	const s64 left = static_cast<s64>(value ^ turn);
	const s64 right = static_cast<s64>(one.value ^ turn);

	switch (one.op) {
	case filter::operation::equal:
		return left == right;
	case filter::operation::differs:
		return left != right;
	case filter::operation::less:
		return left < right;
	case filter::operation::at_most:
		return left <= right;
	case filter::operation::more:
		return left > right;
	case filter::operation::at_least:
		return left >= right;
	case filter::operation::bits:
	case filter::operation::like:
		break;
	}
	return value & one.value;
}

/* Up to the first NUL, or all of it. */
u32 text_bytes(const char *text, u32 bytes) noexcept
{
	u32 n = 0;

	while (n < bytes && text[n])
		n++;
	return n;
}

bool compare(const filter::predicate &one, const char *text, u32 bytes) noexcept
{
	const u32 n = text_bytes(text, bytes);
	const bool fits = n >= one.word_bytes;
	bool same = false;

	if (fits && one.any_before && one.any_behind) {
		for (u32 at = 0; !same && at + one.word_bytes <= n; at++)
			same = !__builtin_memcmp(text + at, one.word, one.word_bytes);
	} else if (fits && one.any_before) {
		same = !__builtin_memcmp(text + n - one.word_bytes, one.word, one.word_bytes);
	} else if (fits && (one.any_behind || n == one.word_bytes)) {
		same = !__builtin_memcmp(text, one.word, one.word_bytes);
	}
	return same == (one.op != filter::operation::differs);
}

bool holds(const filter::predicate &one, const char *fixed, const perfbuf_part *parts) noexcept
{
	switch (one.kind) {
	case PERFBUF_KIND_CHARS:
		return compare(one, fixed + one.offset, one.place);
	case PERFBUF_KIND_STRING: {
		const perfbuf_part &part = parts[one.place];

		return compare(one, static_cast<const char *>(part.from), part.bytes);
	}
	}
	return compare(one, load(fixed + one.offset, one.bytes, one.is_signed));
}

} // namespace

bool filter::matches(const void *fixed, const perfbuf_part *parts) const noexcept
{
	/* The operands, the last in bit 0. There are at most as many as predicates. */
	static_assert(predicates_max <= 64);
	u64 stack = 0;

	for (u32 i = 0; i < code_count_; i++) {
		const u64 top = stack & 1;

		switch (codes_[i]) {
		case code_and:
			stack = (stack >> 1) & ~(u64{1} ^ top);
			break;
		case code_or:
			stack = (stack >> 1) | top;
			break;
		case code_not:
			stack ^= 1;
			break;
		default:
			stack = stack << 1 | holds(predicates_[codes_[i]],
						   static_cast<const char *>(fixed), parts);
		}
	}
	return stack & 1;
}

} // namespace perfbuf
