/* SPDX-License-Identifier: GPL-2.0 */
/* A thread that stays on a CPU and calls a function with preemption off, again and again. */
#ifndef PERFBUF_KUNIT_AUX_THREAD_H
#define PERFBUF_KUNIT_AUX_THREAD_H

#include "ring/pages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL: there is none to be had. Process context, may sleep; so does stopping, which waits. */
void *pattern_thread_start(int cpu, void (*run)(void *argument), void *argument) PB_NOEXCEPT;
void pattern_thread_stop(void *thread) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_KUNIT_AUX_THREAD_H */
