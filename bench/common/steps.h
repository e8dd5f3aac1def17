/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <linux/types.h>

/*
 * Calls @call(@argument) in single steps, interrupts off, and writes a line for each of its
 * instructions to @to: function, offset and the bytes there. How many characters; -ENOSPC, or
 * another negative errno. Process context.
 */
int trace_steps(void (*call)(void *argument), void *argument, char *to, u32 room);

#endif
