// SPDX-License-Identifier: GPL-2.0
/* KUnit's side of the cases: suites from kunit/cases/list.h, each case a call into C++. */
#include "cases/list.h"
#include "support.h"

#include "defer.h"

#include <kunit/test.h>
#include <linux/module.h>

/* KUnit runs the suites before module_init. */
static int start_suite(struct kunit_suite *suite)
{
	return pb_defer_start();
}

static void stop_suite(struct kunit_suite *suite)
{
	pb_test_settle();
	pb_defer_stop();
}

#define DEFINE_CASE(suite, name)                                                                   \
	void perfbuf_case_##suite##_##name(void *test);                                            \
	static void run_##suite##_##name(struct kunit *test)                                       \
	{                                                                                          \
		perfbuf_case_##suite##_##name(test);                                               \
	}

#define CASE_ENTRY(suite, case_name) {.run_case = run_##suite##_##case_name, .name = #case_name},

#define DEFINE_SUITE(suite)                                                                        \
	PERFBUF_CASES_##suite(DEFINE_CASE) static struct kunit_case cases_##suite[] = {            \
		PERFBUF_CASES_##suite(CASE_ENTRY){}};                                              \
	static struct kunit_suite suite_##suite = {                                                \
		.name = #suite,                                                                    \
		.suite_init = start_suite,                                                         \
		.suite_exit = stop_suite,                                                          \
		.test_cases = cases_##suite,                                                       \
	};

PERFBUF_SUITES(DEFINE_SUITE)
PERFBUF_DEBUG_SUITES(DEFINE_SUITE)

#define SUITE_ENTRY(suite) &suite_##suite,

kunit_test_suites(PERFBUF_SUITES(SUITE_ENTRY) PERFBUF_DEBUG_SUITES(SUITE_ENTRY));

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("KUnit tests of perfbuf's ring");
