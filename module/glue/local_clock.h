/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local_clock() without its calls, for C. Where the time stamp counter is the kernel's scheduler
 * clock, local_clock() is a product, a shift and a sum; the inline function here computes the same
 * from the kernel's own parameters, to the nanosecond. Everywhere else it calls local_clock().
 * module/device/tsc_clock.hpp decides which of the two it does, docs/clock-parameters.md says why
 * they agree.
 */
#ifndef PERFBUF_GLUE_LOCAL_CLOCK_H
#define PERFBUF_GLUE_LOCAL_CLOCK_H

#include <linux/jump_label.h>
#include <linux/sched/clock.h>
#include <linux/types.h>

#include "arch.h"

/* ns = (ticks * multiplier >> 32) + zero, the product in 128 bits. */
struct pb_tsc_clock {
	u64 multiplier;
	u64 zero;
};

/* Written only while the key is off and no reader is inside: pb_tsc_clock_on(). */
extern struct pb_tsc_clock pb_tsc_clock;
DECLARE_STATIC_KEY_FALSE(pb_tsc_is_clock);

static __always_inline u64 pb_tsc_clock_ns(void)
{
	return pb_arch_counter_ns(&pb_tsc_clock.multiplier, &pb_tsc_clock.zero);
}

/* local_clock(). Any context, NMI included; preemption off. Takes no lock, and is not traced. */
static __always_inline u64 pb_local_clock(void)
{
	return static_branch_likely(&pb_tsc_is_clock) ? pb_tsc_clock_ns() : local_clock();
}

#endif /* PERFBUF_GLUE_LOCAL_CLOCK_H */
