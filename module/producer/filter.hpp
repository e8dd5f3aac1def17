/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PERF_EVENT_IOC_SET_FILTER: which payloads of an event a reader wants. The parser
 * compiles the text to tests, each of which names the test that follows it, so that
 * && and || cost nothing and what is constant is not tested.
 *
 *	queue == 3 && (state != idle || latency > 0x1000) && !(flags & busy)
 *	message ~ "disk*" || common_pid == 1
 *
 *   or    := and ('||' and)*
 *   and   := not ('&&' not)*
 *   not   := '!' not | '(' or ')' | field op value | field 'in' '(' each (',' each)* ')'
 *   op    := '==' '!=' '<' '<=' '>' '>=' '&'       on integers
 *            '==' '!=' '~' ('*' at an end matches anything)   on strings
 *   each  := value | value '..' value              the second on integers
 *   value := a number (decimal, 0x, with '-'), a word or "words"
 *
 * A word for an integer is one of the field's names. The common_ fields are there, too. A decimal
 * number of a TIME has a unit (ns, us, ms, s) or is in ns; of an INT or HEX it may have KiB, MiB,
 * GiB or TiB. Each value behind "in" is a comparison.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>
#include <linux/perfbuf.h>
#include <perfbuf/event.h>

namespace perfbuf
{

class filter
{
public:
	static constexpr u32 predicates_max = 32;
	static constexpr u32 depth_max = 16;
	static constexpr u32 word_max = 64;

	/*
	 * Makes a new object the filter of @text. EINVAL: not an expression, or an operator or
	 * value that is not for the field; ENOENT: no such field or name; ERANGE: a number that the
	 * field cannot hold; E2BIG: too long, too deep, too much. After an error the object is no
	 * filter.
	 * @where: or nullptr; of an error of the text its reason, at and bytes are set. Allocates
	 * nothing, and does not sleep.
	 */
	cxxrt::result<void> parse(const char *text, const perfbuf_layout &of,
				  perfbuf_filter_check *where = nullptr) noexcept;

	/*
	 * Whether the reader wants a payload: @fixed is its fixed part, @parts what stands behind
	 * it. At most one step for each comparison, and in a step at most two comparisons for each
	 * byte of a string. Any context.
	 */
	[[gnu::always_inline]] bool matches(const void *fixed,
					    const perfbuf_part *parts) const noexcept
	{
		u32 at = first_;

		while (at < refused) {
			const test &test = tests_[at];

			at = test.next[holds(test, static_cast<const char *>(fixed), parts)];
		}
		return at == accepted;
	}

	/* Of a filter that compares no text: matches(), without a call. */
	bool compares_text() const noexcept { return compares_text_; }
	[[gnu::always_inline]] bool matches_numbers(const void *fixed) const noexcept
	{
		u32 at = first_;

		while (at < refused) {
			const test &test = tests_[at];

			at = test.next[holds_number(test, static_cast<const char *>(fixed))];
		}
		return at == accepted;
	}

private:
	friend class filter_parser;

	/* In place of the number of a test. */
	static constexpr u8 refused = predicates_max;
	static constexpr u8 accepted = predicates_max + 1;

	enum class test_kind : u8 { range, bits, chars, part };

	/*
	 * One comparison. An integer is loaded with the 8 bytes around it and shifted, so that it
	 * ends at the top of a word; whatever stands below it does not change the answer:
	 *
	 *   range   value - low <= span, modulo 2^64: all of == != < <= > >=, signed or not
	 *   bits    value & low
	 */
	struct test {
		u64 low;
		u64 span;
		u16 at; /* where the load is in the fixed part */
		u8 shift;
		test_kind kind;
		u8 next[2]; /* a later test, or a verdict: if it does not hold, and if it does */
		u16 place;  /* chars: bytes of the field; part: which one */
	};

	/* The text that a string is compared with. */
	struct word {
		u8 bytes;
		bool any_before, any_behind;
		char text[word_max];
		u8 borders[word_max]; /* of a search: producer/text_search.hpp */
	};

	[[gnu::always_inline]] bool holds(const test &test, const char *fixed,
					  const perfbuf_part *parts) const noexcept
	{
		if (test.kind > test_kind::bits) [[unlikely]]
			return holds_text(test, fixed, parts);
		return holds_number(test, fixed);
	}

	[[gnu::always_inline]] static bool holds_number(const test &test,
							const char *fixed) noexcept
	{
		u64 value;

		__builtin_memcpy(&value, fixed + test.at, sizeof(value));
		value <<= test.shift;
		return test.kind == test_kind::range ? value - test.low <= test.span
						     : (value & test.low) != 0;
	}

	bool holds_text(const test &test, const char *fixed,
			const perfbuf_part *parts) const noexcept;

	u8 first_ = refused;
	u8 test_count_ = 0;
	bool compares_text_ = false;
	test tests_[predicates_max];
	word words_[predicates_max]; /* of the test with the same number */
};

} // namespace perfbuf
