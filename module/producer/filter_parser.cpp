// SPDX-License-Identifier: GPL-2.0
/* The text of a filter: each level of the grammar in filter.hpp is a function. */
#include "producer/filter.hpp"
#include "producer/names.hpp"

#include <cxxrt/std.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;
using cxxrt::unique_ptr;

class filter_parser
{
public:
	filter_parser(const char *text, const perfbuf_layout &of, filter &into) noexcept
		: at_(text), layout_(of), into_(into)
	{
	}

	result<void> all() noexcept
	{
		const outcome whole = TRY(either(0));

		skip_blanks();
		if (*at_)
			return error(EINVAL);
		patch(whole.holds, filter::accepted);
		patch(whole.fails, filter::refused);
		fold();
		return {};
	}

private:
	using test = filter::test;
	using kind = filter::test_kind;

	enum class operation : u8 { equal, differs, less, at_most, more, at_least, bits, like };

	/* The field of a comparison. */
	struct field {
		const perfbuf_name *names; /* or nullptr */
		u8 kind;		   /* enum perfbuf_kind */
		bool is_signed;		   /* an integer */
		u32 bytes;
		u32 offset;
		u16 part; /* STRING: which */
	};

	/*
	 * Where an expression's answers are to go: two lists of exits of tests. An exit is
	 * test * 2 + (the test holds); until it is patched it has the next exit of its list.
	 */
	struct outcome {
		u8 holds;
		u8 fails;
	};
	static constexpr u8 no_exit = 0xff;
	static_assert(2 * filter::predicates_max < no_exit);

	u8 &exit(u8 which) noexcept { return into_.tests_[which / 2].next[which % 2]; }

	void patch(u8 list, u8 target) noexcept
	{
		while (list != no_exit)
			list = std::exchange(exit(list), target);
	}

	u8 join(u8 one, u8 other) noexcept
	{
		u8 last = other;

		if (other == no_exit)
			return one;
		while (exit(last) != no_exit)
			last = exit(last);
		exit(last) = one;
		return other;
	}

	/* -1: it depends. */
	static int constant(const test &one) noexcept
	{
		if (one.kind == kind::range && one.span == ~u64{0})
			return 1;
		return one.kind == kind::bits && !one.low ? 0 : -1;
	}

	u8 past_constants(u8 target) const noexcept
	{
		while (target < filter::refused && constant(into_.tests_[target]) >= 0)
			target = into_.tests_[target].next[constant(into_.tests_[target])];
		return target;
	}

	/* Nobody goes to a test whose answer is known. Exits lead to later tests only. */
	void fold() noexcept
	{
		for (u32 i = into_.test_count_; i--;) {
			for (u8 &next : into_.tests_[i].next)
				next = past_constants(next);
		}
		into_.first_ = past_constants(0);
	}

	struct word {
		const char *text;
		u32 bytes;
		bool quoted;
	};

	void skip_blanks() noexcept
	{
		while (*at_ == ' ' || *at_ == '\t' || *at_ == '\n')
			at_++;
	}

	bool take(const char *sign) noexcept
	{
		const char *from = at_;

		skip_blanks();
		for (const char *here = at_; *here == *sign; here++) {
			if (!*++sign) {
				at_ = here + 1;
				return true;
			}
		}
		at_ = from;
		return false;
	}

	result<outcome> either(u32 depth) noexcept
	{
		outcome left = TRY(both(depth));

		while (take("||")) {
			patch(left.fails, into_.test_count_);

			const outcome right = TRY(both(depth));

			left = {join(left.holds, right.holds), right.fails};
		}
		return left;
	}

	result<outcome> both(u32 depth) noexcept
	{
		outcome left = TRY(one(depth));

		while (take("&&")) {
			patch(left.holds, into_.test_count_);

			const outcome right = TRY(one(depth));

			left = {right.holds, join(left.fails, right.fails)};
		}
		return left;
	}

	result<outcome> one(u32 depth) noexcept
	{
		if (depth == filter::depth_max)
			return error(E2BIG);
		if (take("!")) {
			const outcome of = TRY(one(depth + 1));

			return outcome{of.fails, of.holds};
		}
		if (take("(")) {
			const outcome inner = TRY(either(depth + 1));

			if (!take(")"))
				return error(EINVAL);
			return inner;
		}
		return comparison();
	}

	result<word> next_word() noexcept
	{
		skip_blanks();

		const char quote = *at_ == '"' || *at_ == '\'' ? *at_ : 0;

		if (quote)
			at_++;

		const char *from = at_;

		while (*at_ && (quote ? *at_ != quote
				      : is_name_character(*at_) || *at_ == '-' || *at_ == '*'))
			at_++;

		const word found = {from, static_cast<u32>(at_ - from), quote != 0};

		if (quote) {
			if (*at_ != quote)
				return error(EINVAL);
			at_++;
		} else if (!found.bytes) {
			return error(EINVAL);
		}
		return found;
	}

	result<operation> next_operation() noexcept
	{
		constexpr struct {
			const char *sign;
			operation op;
		} all[] = {
			{"==", operation::equal},   {"!=", operation::differs},
			{"<=", operation::at_most}, {">=", operation::at_least},
			{"<", operation::less},	    {">", operation::more},
			{"~", operation::like},
		};

		for (const auto &each : all) {
			if (take(each.sign))
				return each.op;
		}
		/* Not the first half of &&. */
		if (!take("&&") && take("&"))
			return operation::bits;
		return error(EINVAL);
	}

	result<outcome> comparison() noexcept
	{
		if (into_.test_count_ == filter::predicates_max)
			return error(E2BIG);

		const u8 number = into_.test_count_;
		const word name = TRY(next_word());
		const field of = TRY(find_field(name));
		const operation op = TRY(next_operation());
		const word value = TRY(next_word());
		bool turned = false;

		into_.tests_[number] = {.next = {no_exit, no_exit}};
		if (of.kind == PERFBUF_KIND_CHARS || of.kind == PERFBUF_KIND_STRING)
			TRY(set_text(number, of, op, value));
		else
			turned = TRY(set_number(into_.tests_[number], of, op, value));
		into_.test_count_++;

		const u8 exits = static_cast<u8>(2 * number);
		const bool yes = (op == operation::differs) == turned;

		return outcome{static_cast<u8>(exits + yes), static_cast<u8>(exits + !yes)};
	}

	static bool equals(const word &one, const char *other) noexcept
	{
		u32 n = 0;

		while (n < one.bytes && other[n] == one.text[n])
			n++;
		return n == one.bytes && !other[n];
	}

	result<field> find_field(const word &name) const noexcept
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

		for (const auto &one : commons) {
			if (equals(name, one.name))
				return field{nullptr,	PERFBUF_KIND_INT, one.is_signed,
					     one.bytes, one.offset,	  0};
		}

		u16 parts = 0;

		for (u32 i = 0; i < layout_.field_count; i++) {
			const perfbuf_field &one = layout_.fields[i];
			const bool is_part =
				one.kind == PERFBUF_KIND_STRING || one.kind == PERFBUF_KIND_BYTES;

			if (!equals(name, one.name)) {
				parts = static_cast<u16>(parts + is_part);
				continue;
			}
			if (one.kind == PERFBUF_KIND_ARRAY || one.kind == PERFBUF_KIND_BYTES)
				return error(EINVAL);
			return field{one.names, one.kind,   one.is_signed != 0,
				     one.bytes, one.offset, parts};
		}
		return error(ENOENT);
	}

	result<void> set_text(u8 number, const field &of, operation op, word value) noexcept
	{
		test &made = into_.tests_[number];
		filter::word &wanted = into_.words_[number];

		if (op != operation::equal && op != operation::differs && op != operation::like)
			return error(EINVAL);
		wanted = {};
		if (op == operation::like) {
			wanted.any_before = value.bytes && value.text[0] == '*';
			if (wanted.any_before) {
				value.text++;
				value.bytes--;
			}
			wanted.any_behind = value.bytes && value.text[value.bytes - 1] == '*';
			if (wanted.any_behind)
				value.bytes--;
			/* Elsewhere it would stand for itself, which nobody means. */
			for (u32 i = 0; i < value.bytes; i++) {
				if (value.text[i] == '*')
					return error(EINVAL);
			}
		}
		if (value.bytes > filter::word_max)
			return error(E2BIG);
		__builtin_memcpy(wanted.text, value.text, value.bytes);
		wanted.bytes = static_cast<u8>(value.bytes);

		const bool is_part = of.kind == PERFBUF_KIND_STRING;

		into_.compares_text_ = true;
		made.kind = is_part ? kind::part : kind::chars;
		made.at = static_cast<u16>(of.offset);
		made.place = is_part ? of.part : static_cast<u16>(of.bytes);
		return {};
	}

	/* True: the test is of the opposite. */
	result<bool> set_number(test &made, const field &of, operation op,
				const word &value) const noexcept
	{
		if (op == operation::like)
			return error(EINVAL);

		const bool negative = value.bytes && value.text[0] == '-';
		const bool is_number = value.bytes > negative && value.text[negative] >= '0' &&
				       value.text[negative] <= '9';
		const u64 number =
			TRY(!is_number || value.quoted ? find_named(value, of)
						       : read_digits(value, negative, of));

		return compile(made, of, op, number);
	}

	/* The least and the greatest number of @bits, as 64 bits of the same sign. */
	static u64 least_of(const field &of) noexcept
	{
		return of.is_signed ? ~u64{0} << (8 * of.bytes - 1) : 0;
	}
	static u64 greatest_of(const field &of) noexcept
	{
		return ~u64{0} >> (64 - 8 * of.bytes + of.is_signed);
	}
	static bool is_less(const field &of, u64 one, u64 other) noexcept
	{
		return of.is_signed ? static_cast<s64>(one) < static_cast<s64>(other) : one < other;
	}

	bool compile(test &made, const field &of, operation op, u64 number) const noexcept
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

		const bool is_below = is_less(of, number, least);
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
			low = high = number;
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

	static result<u64> read_digits(const word &value, bool negative, const field &of) noexcept
	{
		u32 at = negative;
		u64 base = 10;
		u64 number = 0;

		if (value.bytes > at + 2 && value.text[at] == '0' &&
		    (value.text[at + 1] | 0x20) == 'x') {
			base = 16;
			at += 2;
		}
		for (; at < value.bytes; at++) {
			const u64 digit = digit_of(value.text[at]);

			if (digit >= base)
				return error(EINVAL);
			if (__builtin_mul_overflow(number, base, &number) ||
			    __builtin_add_overflow(number, digit, &number))
				return error(ERANGE);
		}
		if (negative ? !of.is_signed || number > 0 - least_of(of)
			     : number > greatest_of(of))
			return error(ERANGE);
		return negative ? 0 - number : number;
	}

	static u64 digit_of(char one) noexcept
	{
		if (one >= '0' && one <= '9')
			return static_cast<u64>(one - '0');
		one = static_cast<char>(one | 0x20);
		return one >= 'a' && one <= 'f' ? static_cast<u64>(one - 'a' + 10) : 16;
	}

	static result<u64> find_named(const word &value, const field &of) noexcept
	{
		if (!of.names)
			return error(EINVAL);
		for (const perfbuf_name *one = of.names; one->name; one++) {
			if (equals(value, one->name))
				return u64{one->value};
		}
		return error(ENOENT);
	}

	const char *at_;
	const perfbuf_layout &layout_;
	filter &into_;
};

result<unique_ptr<filter>> filter::parse(const char *text, const perfbuf_layout &of) noexcept
{
	unique_ptr<filter> made = TRY(cxxrt::make<filter>(cxxrt::gfp::kernel));

	TRY(filter_parser(text, of, *made).all());
	return made;
}

} // namespace perfbuf
