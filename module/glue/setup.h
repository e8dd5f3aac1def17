/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks that are there before any C++ object could be.
 *
 *   setup     what is made when the first stream wants it and goes with the last. Outside the
 *             locks of CPU hotplug, tracepoints and kprobes, which lead to mmap_lock in the end;
 *             so never under mmap_lock, nor under what is taken there: an event's or file's mutex
 *   lists     of streams and side-band readers, and of CPUs that come and go; innermost
 */
#ifndef PERFBUF_GLUE_SETUP_H
#define PERFBUF_GLUE_SETUP_H

#include "ring/pages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Process context, may sleep; not recursive. */
void pb_setup_lock(void) PB_NOEXCEPT;
void pb_setup_unlock(void) PB_NOEXCEPT;

/* A raw spinlock that keeps interrupts off. Any context but NMI. */
unsigned long pb_lists_lock(void) PB_NOEXCEPT;
void pb_lists_unlock(unsigned long flags) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_SETUP_H */
