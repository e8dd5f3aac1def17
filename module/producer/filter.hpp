/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PERF_EVENT_IOC_SET_FILTER: which payloads of an event a reader wants.
 *
 *	queue == 3 && (state != idle || latency > 0x1000) && !(flags & busy)
 *	message ~ "disk*" || common_pid == 1
 *
 *   or    := and ('||' and)*
 *   and   := not ('&&' not)*
 *   not   := '!' not | '(' or ')' | field op value
 *   op    := '==' '!=' '<' '<=' '>' '>=' '&'       on integers
 *            '==' '!=' '~' ('*' at an end matches anything)   on strings
 *   value := a number (decimal, 0x, with '-'), a word or "words"
 *
 * A word for an integer is one of the field's names. The common_ fields are there, too.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>
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
	 * EINVAL: not an expression, or an operator or value that is not for the field; ENOENT: no
	 * such field or name; ERANGE: a number that the field cannot hold; E2BIG: too long, too
	 * deep, too much; ENOMEM. Process context, may sleep.
	 */
	static cxxrt::result<cxxrt::unique_ptr<filter>> parse(const char *text,
							      const perfbuf_layout &of) noexcept;

	/*
	 * Whether a payload is wanted: @fixed is its fixed part, @parts what stands behind it. A
	 * step for each predicate, and in it at most the bytes of a word for each of a string's.
	 * Any context.
	 */
	bool matches(const void *fixed, const perfbuf_part *parts) const noexcept;

	/* What there is to compare. */
	enum class operation : u8 { equal, differs, less, at_most, more, at_least, bits, like };

	struct predicate {
		operation op;
		u8 kind;      /* enum perfbuf_kind */
		u8 is_signed; /* or not; of an integer */
		u8 bytes;     /* of an integer */
		u16 offset;   /* in the fixed part */
		u16 place;    /* CHARS: bytes; STRING: which part */
		u64 value;
		bool any_before, any_behind; /* like */
		u8 word_bytes;
		char word[word_max];
	};

private:
	friend class filter_parser;
	/* Codes in the order of evaluation, the operands of an operator before it: the number of
	 * a predicate, or one of these. */
	static constexpr u8 code_and = 0xfd;
	static constexpr u8 code_or = 0xfe;
	static constexpr u8 code_not = 0xff;
	static constexpr u32 codes_max = 4 * predicates_max;

	u32 predicate_count_ = 0;
	u32 code_count_ = 0;
	u8 codes_[codes_max];
	predicate predicates_[predicates_max];
};

} // namespace perfbuf
