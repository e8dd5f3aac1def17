/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU memory as plain pointers: C only. */
#ifndef PERFBUF_GLUE_PERCPU_H
#define PERFBUF_GLUE_PERCPU_H

#include <linux/percpu.h>

/*
 * C++ holds per-CPU memory by plain pointers. From 6.15 on the compiler knows __percpu as a named
 * address space, to and from which only an integer converts silently.
 */
static __always_inline void __percpu *as_percpu(void *memory)
{
	return (void __percpu *)(unsigned long)memory;
}

static __always_inline void *from_percpu(void __percpu *memory)
{
	return (void *)(unsigned long)memory;
}

#endif /* PERFBUF_GLUE_PERCPU_H */
