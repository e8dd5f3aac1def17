/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counter that ticks once for each instruction under QEMU's icount, in the kernel and in user
 * space: on x86 the time stamp counter, on arm64 the virtual counter, which scripts/icount.bash has
 * tick at 1 GHz.
 */
#ifndef BENCH_COUNTER_H
#define BENCH_COUNTER_H

#if defined(__x86_64__)

static inline unsigned long long counter(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long long)high << 32 | low;
}

#elif defined(__aarch64__)

static inline unsigned long long counter(void)
{
	unsigned long long ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

#else
#error "bench/common/counter.h has no counter for this architecture"
#endif

#endif
