// SPDX-License-Identifier: GPL-2.0
/* The cases under GoogleTest; kunit/kernel/suites.c is the same for KUnit. */
#include "../cases/list.h"
#include "../support.h"

#include "host.hpp"

#include <gtest/gtest.h>

extern "C" {

void pb_test_fail(void *, const char *file, int line, const char *expression,
		  unsigned long long got, unsigned long long wanted) noexcept
{
	ADD_FAILURE_AT(file, line)
		<< expression << ": got " << got << " (0x" << std::hex << got << "), wanted "
		<< std::dec << wanted << " (0x" << std::hex << wanted << ")";
}

void pb_test_preempt_off(void) noexcept
{
}

void pb_test_preempt_on(void) noexcept
{
}

} // extern "C"

#define AS_TEST(suite, name)                                                                       \
	extern "C" void perfbuf_case_##suite##_##name(void *test) noexcept;                        \
	TEST(suite, name)                                                                          \
	{                                                                                          \
		perfbuf_case_##suite##_##name(nullptr);                                            \
		perfbuf::host::settle();                                                           \
	}

PERFBUF_CASES(AS_TEST)
