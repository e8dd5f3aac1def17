/* SPDX-License-Identifier: GPL-2.0 */
/* The generic timer's counter, for glue/tsc.c. */
#ifndef PERFBUF_GLUE_ARCH_COUNTER_H
#define PERFBUF_GLUE_ARCH_COUNTER_H

#include <linux/types.h>

#include <asm/arch_timer.h>
#include <asm/barrier.h>

#include <clocksource/arm_arch_timer.h>

/*
 * ns by which the product of counter and parameters may differ from local_clock(). The kernel cuts
 * two products to nanoseconds, of the ticks before its last reading of the counter and of those
 * behind it; the parameters of the user page are of one product. So records are stamped by
 * local_clock().
 */
#define PB_ARCH_COUNTER_ERROR_NS 1

/* Neither what stands before it nor what stands behind it is executed at another time. */
static inline u64 pb_arch_counter(void)
{
	u64 ticks;

	isb();
	ticks = arch_timer_read_counter();
	isb();
	return ticks;
}

/* By firmware: cntfrq_el0, or the device tree. */
static inline int pb_arch_counter_frequency_is_known(void)
{
	return 1;
}

#endif /* PERFBUF_GLUE_ARCH_COUNTER_H */
