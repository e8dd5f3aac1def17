// SPDX-License-Identifier: GPL-2.0
/* The text of a filter: each level of the grammar in filter.hpp is a function. */
#include "producer/filter.hpp"
#include "producer/names.hpp"

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
		TRY(either(0));
		skip_blanks();
		if (*at_)
			return error(EINVAL);
		return {};
	}

private:
	using operation = filter::operation;
	using predicate = filter::predicate;

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

	result<void> emit(u8 code) noexcept
	{
		if (into_.code_count_ == filter::codes_max)
			return error(E2BIG);
		into_.codes_[into_.code_count_++] = code;
		return {};
	}

	result<void> either(u32 depth) noexcept
	{
		TRY(both(depth));
		while (take("||")) {
			TRY(both(depth));
			TRY(emit(filter::code_or));
		}
		return {};
	}

	result<void> both(u32 depth) noexcept
	{
		TRY(one(depth));
		while (take("&&")) {
			TRY(one(depth));
			TRY(emit(filter::code_and));
		}
		return {};
	}

	result<void> one(u32 depth) noexcept
	{
		if (depth == filter::depth_max)
			return error(E2BIG);
		if (take("!")) {
			TRY(one(depth + 1));
			return emit(filter::code_not);
		}
		if (take("(")) {
			TRY(either(depth + 1));
			if (!take(")"))
				return error(EINVAL);
			return {};
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

	result<void> comparison() noexcept
	{
		if (into_.predicate_count_ == filter::predicates_max)
			return error(E2BIG);

		predicate &made = into_.predicates_[into_.predicate_count_];
		const word name = TRY(next_word());
		const perfbuf_field *field = nullptr;

		TRY(find_field(name, made, field));
		made.op = TRY(next_operation());

		const word value = TRY(next_word());

		if (made.kind == PERFBUF_KIND_CHARS || made.kind == PERFBUF_KIND_STRING)
			TRY(set_text(made, value));
		else
			TRY(set_number(made, value, field));
		return emit(static_cast<u8>(into_.predicate_count_++));
	}

	static bool equals(const word &one, const char *other) noexcept
	{
		u32 n = 0;

		while (n < one.bytes && other[n] == one.text[n])
			n++;
		return n == one.bytes && !other[n];
	}

	/* @field: nullptr for a common one. */
	result<void> find_field(const word &name, predicate &made,
				const perfbuf_field *&field) const noexcept
	{
		constexpr struct {
			const char *name;
			u8 offset, bytes, is_signed;
		} commons[] = {
			{"common_type", 0, 2, 0},
			{"common_flags", 2, 1, 0},
			{"common_preempt_count", 3, 1, 0},
			{"common_pid", 4, 4, 1},
		};

		for (const auto &one : commons) {
			if (!equals(name, one.name))
				continue;
			made.kind = PERFBUF_KIND_INT;
			made.offset = one.offset;
			made.bytes = one.bytes;
			made.is_signed = one.is_signed;
			return {};
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
			made.kind = one.kind;
			made.offset = static_cast<u16>(one.offset);
			made.bytes = static_cast<u8>(one.bytes);
			made.is_signed = one.is_signed;
			made.place = is_part ? parts : static_cast<u16>(one.bytes);
			field = &one;
			return {};
		}
		return error(ENOENT);
	}

	static result<void> set_text(predicate &made, word value) noexcept
	{
		if (made.op != operation::equal && made.op != operation::differs &&
		    made.op != operation::like)
			return error(EINVAL);
		if (made.op == operation::like) {
			made.any_before = value.bytes && value.text[0] == '*';
			if (made.any_before) {
				value.text++;
				value.bytes--;
			}
			made.any_behind = value.bytes && value.text[value.bytes - 1] == '*';
			if (made.any_behind)
				value.bytes--;
			/* Elsewhere it would stand for itself, which nobody means. */
			for (u32 i = 0; i < value.bytes; i++) {
				if (value.text[i] == '*')
					return error(EINVAL);
			}
		}
		if (value.bytes > filter::word_max)
			return error(E2BIG);
		__builtin_memcpy(made.word, value.text, value.bytes);
		made.word_bytes = static_cast<u8>(value.bytes);
		return {};
	}

	static result<void> set_number(predicate &made, const word &value,
				       const perfbuf_field *field) noexcept
	{
		if (made.op == operation::like)
			return error(EINVAL);

		const bool negative = value.bytes && value.text[0] == '-';
		const bool is_number = value.bytes > negative && value.text[negative] >= '0' &&
				       value.text[negative] <= '9';

		if (!is_number || value.quoted)
			return set_named(made, value, field);
		return set_digits(made, value, negative);
	}

	static result<void> set_digits(predicate &made, const word &value, bool negative) noexcept
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
		if (negative && (!made.is_signed || number > u64{1} << 63))
			return error(ERANGE);
		made.value = negative ? 0 - number : number;
		if (!is_in_range(made, negative))
			return error(ERANGE);
		return {};
	}

	static u64 digit_of(char one) noexcept
	{
		if (one >= '0' && one <= '9')
			return static_cast<u64>(one - '0');
		one = static_cast<char>(one | 0x20);
		return one >= 'a' && one <= 'f' ? static_cast<u64>(one - 'a' + 10) : 16;
	}

	static bool is_in_range(const predicate &made, bool negative) noexcept
	{
		const u32 bits = made.bytes * 8u - made.is_signed;

		if (negative)
			return bits == 63 || made.value >= 0 - (u64{1} << bits);
		return bits == 64 || made.value < u64{1} << bits;
	}

	static result<void> set_named(predicate &made, const word &value,
				      const perfbuf_field *field) noexcept
	{
		if (!field || !field->names)
			return error(EINVAL);
		for (const perfbuf_name *one = field->names; one->name; one++) {
			if (!equals(value, one->name))
				continue;
			made.value = one->value;
			return {};
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
