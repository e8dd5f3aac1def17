/* SPDX-License-Identifier: GPL-2.0 */
/* Runs a function in single steps and counts its instructions. For benchmarks' modules. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <linux/types.h>

/*
 * Calls @call(@argument) in single steps, interrupts off, and raises an NMI after instruction
 * @nmi_at of them (1 is the first; 0: none). How many there were, or a negative errno. Process
 * context.
 */
int step_through(void (*call)(void *argument), void *argument, unsigned int nmi_at);

/*
 * Likewise, and writes a line for each of its
 * instructions to @to: function, offset and the bytes there. How many characters; -ENOSPC, or
 * another negative errno. Process context.
 */
int trace_steps(void (*call)(void *argument), void *argument, char *to, u32 space);

#endif
