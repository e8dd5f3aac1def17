// SPDX-License-Identifier: GPL-2.0
/* The text of a filter: each level of the grammar in filter.hpp is a function. */
#include "producer/filter_parser.hpp"

#include "producer/names.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;
using cxxrt::unique_ptr;

result<void> filter_parser::all() noexcept
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

void filter_parser::patch(u8 list, u8 target) noexcept
{
	while (list != no_exit)
		list = std::exchange(exit(list), target);
}

u8 filter_parser::join(u8 one, u8 other) noexcept
{
	u8 last = other;

	if (other == no_exit)
		return one;
	while (exit(last) != no_exit)
		last = exit(last);
	exit(last) = one;
	return other;
}

int filter_parser::constant(const test &one) noexcept
{
	if (one.kind == kind::range && one.span == ~u64{0})
		return 1;
	return one.kind == kind::bits && !one.low ? 0 : -1;
}

u8 filter_parser::past_constants(u8 target) const noexcept
{
	while (target < filter::refused && constant(into_.tests_[target]) >= 0)
		target = into_.tests_[target].next[constant(into_.tests_[target])];
	return target;
}

/* Exits lead to later tests only, so the last test comes first. */
void filter_parser::fold() noexcept
{
	for (u32 i = into_.test_count_; i--;) {
		for (u8 &next : into_.tests_[i].next)
			next = past_constants(next);
	}
	into_.first_ = past_constants(0);
}

void filter_parser::skip_blanks() noexcept
{
	while (*at_ == ' ' || *at_ == '\t' || *at_ == '\n')
		at_++;
}

bool filter_parser::take(const char *sign) noexcept
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

result<filter_parser::outcome> filter_parser::either(u32 depth) noexcept
{
	outcome left = TRY(both(depth));

	while (take("||")) {
		patch(left.fails, into_.test_count_);

		const outcome right = TRY(both(depth));

		left = {join(left.holds, right.holds), right.fails};
	}
	return left;
}

result<filter_parser::outcome> filter_parser::both(u32 depth) noexcept
{
	outcome left = TRY(one(depth));

	while (take("&&")) {
		patch(left.holds, into_.test_count_);

		const outcome right = TRY(one(depth));

		left = {right.holds, join(left.fails, right.fails)};
	}
	return left;
}

result<filter_parser::outcome> filter_parser::one(u32 depth) noexcept
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

result<filter_parser::word> filter_parser::next_word() noexcept
{
	skip_blanks();

	const char quote = *at_ == '"' || *at_ == '\'' ? *at_ : 0;

	if (quote)
		at_++;

	const char *from = at_;

	while (*at_ &&
	       (quote ? *at_ != quote : is_name_character(*at_) || *at_ == '-' || *at_ == '*'))
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

result<filter_parser::operation> filter_parser::next_operation() noexcept
{
	constexpr struct {
		const char *sign;
		operation op;
	} all[] = {
		{"==", operation::equal},    {"!=", operation::differs}, {"<=", operation::at_most},
		{">=", operation::at_least}, {"<", operation::less},	 {">", operation::more},
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

result<filter_parser::outcome> filter_parser::comparison() noexcept
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

bool filter_parser::equals(const word &one, const char *other) noexcept
{
	u32 n = 0;

	while (n < one.bytes && other[n] == one.text[n])
		n++;
	return n == one.bytes && !other[n];
}

result<unique_ptr<filter>> filter::parse(const char *text, const perfbuf_layout &of) noexcept
{
	unique_ptr<filter> made = TRY(cxxrt::make<filter>(cxxrt::gfp::kernel));

	TRY(filter_parser(text, of, *made).all());
	return made;
}

} // namespace perfbuf
