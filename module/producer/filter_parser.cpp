// SPDX-License-Identifier: GPL-2.0
/* The text of a filter: each level of the grammar in filter.hpp is a function. */
#include "producer/filter_parser.hpp"

#include "producer/names.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

result<void> filter_parser::all() noexcept
{
	const outcome whole = TRY(either(0));

	skip_blanks();
	if (*at_)
		return refuse_next(EINVAL, PERFBUF_FILTER_WANTS_JOIN);
	patch(whole.holds, filter::accepted);
	patch(whole.fails, filter::refused);
	fold();
	return {};
}

/* ------------------------------------------------- errors */

error filter_parser::refuse(int code, perfbuf_filter_reason why, const char *from,
			    u32 bytes) const noexcept
{
	if (where_) {
		where_->reason = why;
		where_->at = static_cast<u32>(from - text_);
		where_->bytes = bytes;
	}
	return error(code);
}

/* With its quotes. */
error filter_parser::refuse(int code, perfbuf_filter_reason why, const word &token) const noexcept
{
	return refuse(code, why, token.text - token.quoted, token.bytes + 2 * token.quoted);
}

error filter_parser::refuse(perfbuf_filter_reason why, const sign &token) const noexcept
{
	return refuse(EINVAL, why, token.at, token.bytes);
}

error filter_parser::refuse_next(int code, perfbuf_filter_reason why) noexcept
{
	skip_blanks();

	u32 bytes = *at_ != 0;

	while (is_word_character(*at_) && is_word_character(at_[bytes]))
		bytes++;
	return refuse(code, why, at_, bytes);
}

/* ------------------------------------------------- lists of exits */

void filter_parser::patch(u8 list, u8 target) noexcept
{
	while (list != no_exit)
		list = std::exchange(exit(list), target);
}

u8 filter_parser::join(u8 first, u8 second) noexcept
{
	u8 last = second;

	if (second == no_exit)
		return first;
	while (exit(last) != no_exit)
		last = exit(last);
	exit(last) = first;
	return second;
}

int filter_parser::constant(const test &test) noexcept
{
	if (test.kind == kind::range && test.span == ~u64{0})
		return 1;
	return test.kind == kind::bits && !test.low ? 0 : -1;
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

/* ------------------------------------------------- text */

bool filter_parser::is_word_character(char character) noexcept
{
	return is_name_character(character) || character == '-' || character == '*';
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

bool filter_parser::take_word(const char *name) noexcept
{
	const char *from = at_;

	if (take(name) && !is_word_character(*at_))
		return true;
	at_ = from;
	return false;
}

/* ------------------------------------------------- levels of the grammar */

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
	outcome left = TRY(single(depth));

	while (take("&&")) {
		patch(left.holds, into_.test_count_);

		const outcome right = TRY(single(depth));

		left = {right.holds, join(left.fails, right.fails)};
	}
	return left;
}

result<filter_parser::outcome> filter_parser::single(u32 depth) noexcept
{
	if (depth == filter::depth_max)
		return refuse_next(E2BIG, PERFBUF_FILTER_DEEP);
	if (take("!")) {
		const outcome of = TRY(single(depth + 1));

		return outcome{of.fails, of.holds};
	}
	if (take("(")) {
		const outcome inner = TRY(either(depth + 1));

		if (!take(")"))
			return refuse_next(EINVAL, PERFBUF_FILTER_WANTS_CLOSE);
		return inner;
	}
	return comparison();
}

result<filter_parser::word> filter_parser::next_word(perfbuf_filter_reason why) noexcept
{
	skip_blanks();

	const char quote = *at_ == '"' || *at_ == '\'' ? *at_ : 0;

	if (quote)
		at_++;

	const char *from = at_;

	while (*at_ && (quote ? *at_ != quote : is_word_character(*at_)))
		at_++;

	const word found = {from, static_cast<u32>(at_ - from), quote != 0};

	if (quote) {
		if (*at_ != quote)
			return refuse(EINVAL, PERFBUF_FILTER_QUOTE, from - 1, found.bytes + 1);
		at_++;
	} else if (!found.bytes) {
		return refuse_next(EINVAL, why);
	}
	return found;
}

result<filter_parser::sign> filter_parser::next_operation() noexcept
{
	constexpr struct {
		const char *text;
		operation op;
	} all[] = {
		{"==", operation::equal},    {"!=", operation::differs}, {"<=", operation::at_most},
		{">=", operation::at_least}, {"<", operation::less},	 {">", operation::more},
		{"~", operation::like},
	};

	skip_blanks();

	const char *from = at_;
	const auto found = [&](operation op) noexcept {
		return sign{op, from, static_cast<u32>(at_ - from)};
	};

	for (const auto &each : all) {
		if (take(each.text))
			return found(each.op);
	}
	if (take_word("in"))
		return found(operation::in);
	/* Not the first half of &&. */
	if (take("&&"))
		return refuse(EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, from, 2);
	if (take("&"))
		return found(operation::bits);
	return refuse_next(EINVAL, PERFBUF_FILTER_WANTS_OPERATOR);
}

result<filter_parser::outcome> filter_parser::comparison() noexcept
{
	if (into_.test_count_ == filter::predicates_max)
		return refuse_next(E2BIG, PERFBUF_FILTER_MANY);

	const word name = TRY(next_word(PERFBUF_FILTER_WANTS_FIELD));
	const field of = TRY(find_field(name));
	const sign how = TRY(next_operation());

	if (how.op == operation::in)
		return list(of, how);

	const word value = TRY(next_word(PERFBUF_FILTER_WANTS_VALUE));

	return add_test(of, how, value, nullptr);
}

result<filter_parser::outcome> filter_parser::list(const field &of, const sign &how) noexcept
{
	outcome any = {no_exit, no_exit};

	if (!take("("))
		return refuse_next(EINVAL, PERFBUF_FILTER_WANTS_OPEN);
	do {
		const word value = TRY(next_word(PERFBUF_FILTER_WANTS_VALUE));
		word last = value;

		if (take(".."))
			last = TRY(next_word(PERFBUF_FILTER_WANTS_VALUE));
		patch(any.fails, into_.test_count_);

		const outcome compared =
			TRY(add_test(of, how, value, last.text == value.text ? nullptr : &last));

		any = {join(any.holds, compared.holds), compared.fails};
	} while (take(","));
	if (!take(")"))
		return refuse_next(EINVAL, PERFBUF_FILTER_WANTS_COMMA);
	return any;
}

bool filter_parser::equals(const word &word, const char *other) noexcept
{
	u32 n = 0;

	while (n < word.bytes && other[n] == word.text[n])
		n++;
	return n == word.bytes && !other[n];
}

result<void> filter::parse(const char *text, const perfbuf_layout &of,
			   perfbuf_filter_check *where) noexcept
{
	return filter_parser(text, of, *this, where).all();
}

} // namespace perfbuf
