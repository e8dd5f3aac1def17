/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test cases that are written once: in the kernel they are KUnit's
 * (kunit/kernel/suites.c), on the host GoogleTest's (kunit/host/cases_main.cpp), under
 * the same suite and name. KUnit's headers are C, and a module runs no static
 * constructors, so the names stand in a list that both languages include:
 * kunit/cases/list.h.
 *
 *	CASE(ring_write, a_record_is_invisible_until_commit)
 *	{
 *		...
 *		REQUIRE(ring);			ends the case if it fails
 *		EXPECT_EQ(reader.head(), 0);	reports both values and goes on
 *	}
 */
#pragma once

#include "cases/list.h"
#include "support.h"

#include <cxxrt/std.hpp>

namespace perfbuf::test
{

/* KUnit's or GoogleTest's own. */
using context = void *;

template <typename T>
inline unsigned long long value_of(T value) noexcept
{
	if constexpr (std::is_pointer_v<T>)
		return reinterpret_cast<unsigned long>(value);
	else if constexpr (std::is_null_pointer_v<T>)
		return 0;
	else if constexpr (std::is_class_v<T>)
		return static_cast<bool>(value);
	else
		return static_cast<unsigned long long>(value);
}

inline bool expect_equal(context test, unsigned long long got, unsigned long long wanted,
			 const char *expression, const char *file, int line) noexcept
{
	if (got != wanted)
		pb_test_fail(test, file, line, expression, got, wanted);
	return got == wanted;
}

/* A case of the list: one that is not in it is an error here, one that is not defined at the
 * link. */
enum class listed : int {
#define PERFBUF_LISTED(suite, name) suite##_##name,
	PERFBUF_CASES(PERFBUF_LISTED)
#undef PERFBUF_LISTED
};

} // namespace perfbuf::test

#define CASE(suite, name)                                                                          \
	static_assert(::perfbuf::test::listed::suite##_##name >= ::perfbuf::test::listed{},        \
		      "the case stands in kunit/cases/list.h");                                    \
	extern "C" void perfbuf_case_##suite##_##name(::perfbuf::test::context test) noexcept;     \
	void perfbuf_case_##suite##_##name([[maybe_unused]] ::perfbuf::test::context test) noexcept

#define EXPECT_EQ(got, wanted)                                                                     \
	::perfbuf::test::expect_equal(test, ::perfbuf::test::value_of(got),                        \
				      ::perfbuf::test::value_of(wanted), #got " == " #wanted,      \
				      __FILE__, __LINE__)
#define EXPECT(condition)                                                                          \
	::perfbuf::test::expect_equal(test, static_cast<bool>(condition), true, #condition,        \
				      __FILE__, __LINE__)
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!EXPECT(condition))                                                            \
			return;                                                                    \
	} while (0)
