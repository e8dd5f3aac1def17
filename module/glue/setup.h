/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks that are there before any C++ object could be.
 *
 *   setup     hooks and buffers that the first stream makes and the last one frees. Taken before
 *             the locks of CPU hotplug, tracepoints and kprobes, under which the kernel may take
 *             mmap_lock; so never under mmap_lock, nor under an event's or file's mutex, which are
 *             taken under mmap_lock
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
