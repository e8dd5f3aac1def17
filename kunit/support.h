/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that a test case calls in the machine it runs on: kunit/kernel/support.c in the
 * kernel, kunit/host/support.cpp on the host. Process context, may sleep, unless a line says
 * otherwise.
 */
#ifndef PERFBUF_KUNIT_SUPPORT_H
#define PERFBUF_KUNIT_SUPPORT_H

#include "ring/pages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The case @test has failed; it goes on. */
void pb_test_fail(void *test, const char *file, int line, const char *expression,
		  unsigned long long got, unsigned long long wanted) PB_NOEXCEPT;

/* A writer's section: preemption is off in between. */
void pb_test_preempt_off(void) PB_NOEXCEPT;
void pb_test_preempt_on(void) PB_NOEXCEPT;

/* On return what was deferred until now has been done, and what was raised has run. */
void pb_test_settle(void) PB_NOEXCEPT;
/* The wakeups alone: quick. */
void pb_test_settle_wakeups(void) PB_NOEXCEPT;
/* @pause_us later, or more. */
void pb_test_sleep_us(unsigned long pause_us) PB_NOEXCEPT;

/* The @nth allocation of the ring from now fails, once; 0: none. */
void pb_test_fail_allocation(unsigned int nth) PB_NOEXCEPT;
/* Allocations of the ring that are not freed. */
long pb_test_live_allocations(void) PB_NOEXCEPT;

/*
 * From now on a broken invariant (cxxrt_warn, a reference count that saturates) is counted
 * instead of reported; the second ends that and returns the count.
 */
void pb_test_expect_warnings(void) PB_NOEXCEPT;
unsigned int pb_test_warnings(void) PB_NOEXCEPT;

/* The kernel address of a frame that pb_page_frame() gave. */
void *pb_test_frame_address(unsigned long frame) PB_NOEXCEPT;

/*
 * User memory: the address where @bytes stand at the end of a page, with nothing mapped behind
 * it; 0 if there is none. The caller is a task of that user space until pb_test_user_unmap().
 */
unsigned long pb_test_user_map(const void *bytes, unsigned long count) PB_NOEXCEPT;
void pb_test_user_unmap(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_KUNIT_SUPPORT_H */
