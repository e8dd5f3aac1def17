/* SPDX-License-Identifier: GPL-2.0 */
/* The time stamp counter, for glue/tsc.c. */
#ifndef PERFBUF_GLUE_ARCH_COUNTER_H
#define PERFBUF_GLUE_ARCH_COUNTER_H

#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/tsc.h>

/* ns by which the product of counter and parameters may differ from local_clock(). Only if it is 0
 * are records stamped by the counter: pb_arch_counter_ns(). */
#define PB_ARCH_COUNTER_ERROR_NS 0

/* Neither what stands before it nor what stands behind it is executed at another time. */
static inline u64 pb_arch_counter(void)
{
	const u64 ticks = rdtsc_ordered();

	barrier_nospec();
	return ticks;
}

static inline int pb_arch_counter_frequency_is_known(void)
{
	return boot_cpu_has(X86_FEATURE_TSC_KNOWN_FREQ);
}

#endif /* PERFBUF_GLUE_ARCH_COUNTER_H */
