/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compiles the text of a filter to its tests. The grammar is in filter.hpp: filter_parser.cpp has a
 * function for each of its levels, filter_comparison.cpp compiles one comparison.
 */
#pragma once

#include "producer/filter.hpp"

#include <cxxrt/std.hpp>

namespace perfbuf
{

class filter_parser
{
public:
	/* @where: filter::parse(). */
	filter_parser(const char *text, const perfbuf_layout &of, filter &into,
		      perfbuf_filter_check *where) noexcept
		: text_(text), at_(text), layout_(of), into_(into), where_(where)
	{
	}

	/* Parses the whole text. The errors of filter::parse(). */
	cxxrt::result<void> all() noexcept;

private:
	using test = filter::test;
	using kind = filter::test_kind;

	enum class operation : u8 { equal, differs, less, at_most, more, at_least, bits, like, in };

	/* The field of a comparison. */
	struct field {
		const perfbuf_name *names; /* or nullptr */
		u8 kind;		   /* enum perfbuf_kind */
		bool is_signed;		   /* an integer */
		u32 bytes;
		u32 offset;
		u16 part; /* STRING: its number among the parts */
	};

	/*
	 * The exits of the tests of an expression, in two lists: the exits taken if the expression
	 * holds, and the exits taken if it fails. An exit is test * 2 + (the test holds). Until
	 * patch() gives it its target, it has the next exit of its list.
	 */
	struct outcome {
		u8 holds;
		u8 fails;
	};
	static constexpr u8 no_exit = 0xff;
	static_assert(2 * filter::predicates_max < no_exit);

	/* A word of the text; @quoted: it stood in quotes, which are left out. */
	struct word {
		const char *text;
		u32 bytes;
		bool quoted;
	};

	/* An operator, and where it stands. */
	struct sign {
		operation op;
		const char *at;
		u32 bytes;
	};

	/* ------------------------------------------------- errors */

	/* @code, because of the @bytes of the text at @from. */
	cxxrt::error refuse(int code, perfbuf_filter_reason why, const char *from,
			    u32 bytes) const noexcept;
	cxxrt::error refuse(int code, perfbuf_filter_reason why, const word &token) const noexcept;
	cxxrt::error refuse(perfbuf_filter_reason why, const sign &token) const noexcept;
	/* The same of the token that comes next. */
	cxxrt::error refuse_next(int code, perfbuf_filter_reason why) noexcept;

	/* ------------------------------------------------- lists of exits */

	u8 &exit(u8 which) noexcept { return into_.tests_[which / 2].next[which % 2]; }
	/* Sends every exit of @list to test or verdict @target. */
	void patch(u8 list, u8 target) noexcept;
	/* One list of the exits of both. */
	u8 join(u8 first, u8 second) noexcept;
	/* The answer of a test that does not depend on the payload; -1: it depends. */
	static int constant(const test &test) noexcept;
	/* @target, or the test or verdict that follows it behind constant tests. */
	u8 past_constants(u8 target) const noexcept;
	/* Removes constant tests from all paths. */
	void fold() noexcept;

	/* ------------------------------------------------- text */

	void skip_blanks() noexcept;
	/* Consumes @sign, and the blanks before it, if it comes next. */
	bool take(const char *sign) noexcept;
	/* The same of a word, which no other character of a word follows. */
	bool take_word(const char *name) noexcept;
	/* @why: what it is if none comes next. */
	cxxrt::result<word> next_word(perfbuf_filter_reason why) noexcept;
	cxxrt::result<sign> next_operation() noexcept;
	static bool is_word_character(char character) noexcept;
	static bool equals(const word &word, const char *other) noexcept;

	/* ------------------------------------------------- levels of the grammar */

	cxxrt::result<outcome> either(u32 depth) noexcept;
	cxxrt::result<outcome> both(u32 depth) noexcept;
	cxxrt::result<outcome> single(u32 depth) noexcept;
	cxxrt::result<outcome> comparison() noexcept;
	/* Behind "in". */
	cxxrt::result<outcome> list(const field &of, const sign &how) noexcept;

	/* ------------------------------------------------- one comparison */

	/* ENOENT: the event has no such field. EINVAL: fields of that kind are not compared. */
	cxxrt::result<field> find_field(const word &name) const noexcept;
	/* Adds a test. @last: of a range, whose first value is @value; or nullptr. */
	cxxrt::result<outcome> add_test(const field &of, const sign &how, const word &value,
					const word *last) noexcept;
	/* Makes test @number a comparison of the string @of with @value. */
	cxxrt::result<void> set_text(u8 number, const field &of, const sign &how,
				     const word &value) noexcept;
	/* Makes @made a comparison of the integer @of with @value. True: @made tests the opposite.
	 */
	cxxrt::result<bool> set_number(test &made, const field &of, const sign &how,
				       const word &value, const word *last) const noexcept;
	/* @last: of operation::in; else @number. */
	bool compile(test &made, const field &of, operation op, u64 number,
		     u64 last) const noexcept;
	/* The least and the greatest number that @of can hold, as 64 bits of the same sign. */
	static u64 least_of(const field &of) noexcept;
	static u64 greatest_of(const field &of) noexcept;
	static bool is_less(const field &of, u64 a, u64 b) noexcept;
	/* A number of @of, or one of its names. */
	cxxrt::result<u64> read_number(const word &value, const field &of) const noexcept;
	/* ERANGE: @of cannot hold the number. */
	cxxrt::result<u64> read_digits(const word &value, bool negative,
				       const field &of) const noexcept;
	static u64 digit_of(char character) noexcept;
	/* How many of @of a unit is; 0: none of its units. */
	static u64 unit_of(const word &name, const field &of) noexcept;
	/* The number of one of the field's names. */
	cxxrt::result<u64> find_named(const word &value, const field &of) const noexcept;

	const char *const text_;
	const char *at_;
	const perfbuf_layout &layout_;
	filter &into_;
	perfbuf_filter_check *const where_;
};

} // namespace perfbuf
