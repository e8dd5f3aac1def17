// SPDX-License-Identifier: GPL-2.0
/* One comparison of a filter: finds its field, reads its value and compiles its test. */
#include "producer/filter_parser.hpp"

#include "producer/format.hpp"
#include "producer/names.hpp"
#include "producer/text_search.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

/* It is one value, or text. */
bool is_compared(const perfbuf_field &field) noexcept
{
	switch (field.kind) {
	case PERFBUF_KIND_ARRAY:
	case PERFBUF_KIND_BYTES:
	case PERFBUF_KIND_IPV4:
	case PERFBUF_KIND_IPV6:
	case PERFBUF_KIND_MAC:
	case PERFBUF_KIND_UUID:
	case PERFBUF_KIND_DYNAMIC_ARRAY:
		return false;
	}
	return true;
}

} // namespace

result<filter_parser::field> filter_parser::find_field(const word &name) const noexcept
{
	constexpr struct {
		const char *name;
		u8 offset, bytes;
		bool is_signed;
	} commons[] = {
		{"common_type", 0, 2, false},
		{"common_flags", 2, 1, false},
		{"common_preempt_count", 3, 1, false},
		{"common_pid", 4, 4, true},
	};

	for (const auto &common : commons) {
		if (equals(name, common.name))
			return field{nullptr,	   PERFBUF_KIND_INT, common.is_signed,
				     common.bytes, common.offset,    0};
	}

	u16 parts = 0;

	for (u32 i = 0; i < layout_.field_count; i++) {
		const perfbuf_field &candidate = layout_.fields[i];

		if (!equals(name, candidate.name)) {
			parts = static_cast<u16>(parts + is_dynamic(candidate));
			continue;
		}
		if (!is_compared(candidate))
			return refuse(EINVAL, PERFBUF_FILTER_NOT_COMPARED, name);
		return field{candidate.kind == PERFBUF_KIND_BOOL ? bool_names : candidate.names,
			     candidate.kind,
			     candidate.is_signed != 0,
			     candidate.bytes,
			     candidate.offset,
			     parts};
	}
	return refuse(ENOENT, PERFBUF_FILTER_NO_FIELD, name);
}

result<filter_parser::outcome> filter_parser::add_test(const field &of, const sign &how,
						       const word &value, const word *last) noexcept
{
	const u8 number = into_.test_count_;
	bool turned = false;

	if (number == filter::predicates_max)
		return refuse(E2BIG, PERFBUF_FILTER_MANY, value);
	into_.tests_[number] = {.next = {no_exit, no_exit}};
	if (of.kind != PERFBUF_KIND_CHARS && of.kind != PERFBUF_KIND_STRING)
		turned = TRY(set_number(into_.tests_[number], of, how, value, last));
	else if (last)
		return refuse(EINVAL, PERFBUF_FILTER_OPERATOR, *last);
	else
		TRY(set_text(number, of, how, value));
	into_.test_count_++;

	const u8 exits = static_cast<u8>(2 * number);
	const bool yes = (how.op == operation::differs) == turned;

	return outcome{static_cast<u8>(exits + yes), static_cast<u8>(exits + !yes)};
}

result<void> filter_parser::set_text(u8 number, const field &of, const sign &how,
				     const word &token) noexcept
{
	test &made = into_.tests_[number];
	filter::word &wanted = into_.words_[number];
	word value = token;

	if (how.op != operation::equal && how.op != operation::differs &&
	    how.op != operation::like && how.op != operation::in)
		return refuse(PERFBUF_FILTER_OPERATOR, how);
	wanted = {};
	if (how.op == operation::like) {
		wanted.any_before = value.bytes && value.text[0] == '*';
		if (wanted.any_before) {
			value.text++;
			value.bytes--;
		}
		wanted.any_behind = value.bytes && value.text[value.bytes - 1] == '*';
		if (wanted.any_behind)
			value.bytes--;
		/* Elsewhere a star would match only itself, which no filter intends. */
		for (u32 i = 0; i < value.bytes; i++) {
			if (value.text[i] == '*')
				return refuse(EINVAL, PERFBUF_FILTER_STAR, value.text + i, 1);
		}
	}
	if (value.bytes > filter::word_max)
		return refuse(E2BIG, PERFBUF_FILTER_LONG, token);
	__builtin_memcpy(wanted.text, value.text, value.bytes);
	wanted.bytes = static_cast<u8>(value.bytes);
	find_borders(wanted.text, wanted.bytes, wanted.borders);

	const bool is_part = of.kind == PERFBUF_KIND_STRING;

	into_.compares_text_ = true;
	made.kind = is_part ? kind::part : kind::chars;
	made.at = static_cast<u16>(of.offset);
	made.place = is_part ? of.part : static_cast<u16>(of.bytes);
	return {};
}

result<bool> filter_parser::set_number(test &made, const field &of, const sign &how,
				       const word &value, const word *last) const noexcept
{
	if (how.op == operation::like)
		return refuse(PERFBUF_FILTER_OPERATOR, how);

	const u64 number = TRY(read_number(value, of));
	const u64 end = last ? TRY(read_number(*last, of)) : number;

	if (is_less(of, end, number))
		return refuse(EINVAL, PERFBUF_FILTER_EMPTY, *last);
	return compile(made, of, how.op, number, end);
}

result<u64> filter_parser::read_number(const word &value, const field &of) const noexcept
{
	const bool negative = value.bytes && value.text[0] == '-';
	const bool is_number = value.bytes > negative && value.text[negative] >= '0' &&
			       value.text[negative] <= '9';

	return !is_number || value.quoted ? find_named(value, of)
					  : read_digits(value, negative, of);
}

u64 filter_parser::least_of(const field &of) noexcept
{
	return of.is_signed ? ~u64{0} << (8 * of.bytes - 1) : 0;
}

u64 filter_parser::greatest_of(const field &of) noexcept
{
	return ~u64{0} >> (64 - 8 * of.bytes + of.is_signed);
}

bool filter_parser::is_less(const field &of, u64 a, u64 b) noexcept
{
	return of.is_signed ? static_cast<s64>(a) < static_cast<s64>(b) : a < b;
}

bool filter_parser::compile(test &made, const field &of, operation op, u64 number,
			    u64 last) const noexcept
{
	/* The load begins at the field, or before it, so that it ends with the payload. */
	const u32 at = cxxrt::min<u32>(of.offset, layout_.bytes - sizeof(u64));
	const u32 above = 64 - 8 * of.bytes;
	const u64 least = least_of(of);
	const u64 greatest = greatest_of(of);

	made.at = static_cast<u16>(at);
	made.shift = static_cast<u8>(above - 8 * (of.offset - at));
	if (op == operation::bits) {
		made.kind = kind::bits;
		made.low = number << above;
		return false;
	}
	made.kind = kind::range;

	const bool is_below = is_less(of, last, least);
	const bool is_above = is_less(of, greatest, number);
	u64 low = least;
	u64 high = greatest;
	bool never = false;

	switch (op) {
	case operation::less:
		never = is_below || number == least;
		high = is_above ? greatest : number - 1;
		break;
	case operation::at_most:
		never = is_below;
		high = is_above ? greatest : number;
		break;
	case operation::more:
		never = is_above || number == greatest;
		low = is_below ? least : number + 1;
		break;
	case operation::at_least:
		never = is_above;
		low = is_below ? least : number;
		break;
	default:
		never = is_below || is_above;
		low = is_less(of, number, least) ? least : number;
		high = is_less(of, greatest, last) ? greatest : last;
	}
	/* The opposite of all there are. */
	if (never) {
		low = least;
		high = greatest;
	}
	made.low = low << above;
	made.span = (high - low) << above | ((u64{1} << above) - 1);
	return never;
}

/* Units of one of these kinds of fields say nothing of the other: an INT may count anything. */
u64 filter_parser::unit_of(const word &name, const field &of) noexcept
{
	constexpr struct {
		const char *name;
		bool is_time;
		u64 factor;
	} all[] = {
		{"ns", true, 1},
		{"us", true, 1000},
		{"ms", true, 1'000'000},
		{"s", true, 1'000'000'000},
		{"KiB", false, u64{1} << 10},
		{"MiB", false, u64{1} << 20},
		{"GiB", false, u64{1} << 30},
		{"TiB", false, u64{1} << 40},
	};
	const bool is_time = of.kind == PERFBUF_KIND_TIME;

	if (!is_time && of.kind != PERFBUF_KIND_INT && of.kind != PERFBUF_KIND_HEX)
		return 0;
	for (const auto &unit : all) {
		if (unit.is_time == is_time && equals(name, unit.name))
			return unit.factor;
	}
	return 0;
}

result<u64> filter_parser::read_digits(const word &value, bool negative,
				       const field &of) const noexcept
{
	u32 at = negative;
	u64 base = 10;
	u64 number = 0;

	if (value.bytes > at + 2 && value.text[at] == '0' && (value.text[at + 1] | 0x20) == 'x') {
		base = 16;
		at += 2;
	}
	for (; at < value.bytes; at++) {
		const u64 digit = digit_of(value.text[at]);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return refuse(ERANGE, PERFBUF_FILTER_RANGE, value);
	}
	if (at < value.bytes) {
		const word unit = {value.text + at, value.bytes - at, false};
		const u64 factor = unit_of(unit, of);

		if (base != 10 || !is_letter(*unit.text))
			return refuse(EINVAL, PERFBUF_FILTER_NO_NUMBER, value);
		if (!factor)
			return refuse(EINVAL, PERFBUF_FILTER_UNIT, unit);
		if (__builtin_mul_overflow(number, factor, &number))
			return refuse(ERANGE, PERFBUF_FILTER_RANGE, value);
	}
	if (negative ? !of.is_signed || number > 0 - least_of(of) : number > greatest_of(of))
		return refuse(ERANGE, PERFBUF_FILTER_RANGE, value);
	return negative ? 0 - number : number;
}

u64 filter_parser::digit_of(char character) noexcept
{
	if (character >= '0' && character <= '9')
		return static_cast<u64>(character - '0');
	character = static_cast<char>(character | 0x20);
	return character >= 'a' && character <= 'f' ? static_cast<u64>(character - 'a' + 10) : 16;
}

result<u64> filter_parser::find_named(const word &value, const field &of) const noexcept
{
	if (!of.names)
		return refuse(EINVAL, PERFBUF_FILTER_NO_NUMBER, value);
	for (const perfbuf_name *name = of.names; name->name; name++) {
		if (equals(value, name->name))
			return u64{name->value};
	}
	return refuse(ENOENT, PERFBUF_FILTER_NO_NAME, value);
}

} // namespace perfbuf
