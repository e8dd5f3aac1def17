/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions by which module/device/tsc_clock.cpp reads the CPU's counter, and the calls by
 * which the kernel notifies it. Process context, may sleep, unless a line says otherwise; the
 * caller serialises all but pb_tsc_check_after().
 */
#ifndef PERFBUF_GLUE_TSC_H
#define PERFBUF_GLUE_TSC_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ns = (ticks * mult >> shift) + zero: time_mult, time_shift and time_zero of perf's user page. If
 * mask is not 0 the counter has only its bits, and ticks are cycles + ((counter - cycles) & mask):
 * time_cycles and time_mask.
 */
struct pb_tsc_parameters {
	__u64 zero;
	__u32 mult;
	__u32 shift;
	__u64 cycles;
	__u64 mask;
};

/*
 * The parameters that perf offers on @cpu (-1: on the CPU that this runs on). 0: there are none,
 * because the counter is not the kernel's clock (paravirtual clock, unstable counter), or the CPU
 * is offline.
 */
int pb_tsc_read_parameters(int cpu, struct pb_tsc_parameters *out) PB_NOEXCEPT;
/* The counter between two readings of local_clock(). */
struct pb_tsc_reading {
	__u64 before;
	__u64 ticks;
	__u64 after;
};
/* Takes @count readings in a row on @cpu (as above), interrupts off. -ENXIO: the CPU is offline. */
int pb_tsc_read_counter(int cpu, struct pb_tsc_reading *out, unsigned int count) PB_NOEXCEPT;
/* A right time of the counter is at most this long before or after such a reading's local_clock()s.
 * 0: between them. (arch_counter.h) */
unsigned int pb_tsc_counter_error_ns(void) PB_NOEXCEPT;

/* Makes pb_local_clock() compute with @parameters, whose shift is at most 32 and whose mask is 0.
 * The clock was off. */
void pb_tsc_clock_on(const struct pb_tsc_parameters *parameters) PB_NOEXCEPT;
/* Makes pb_local_clock() call local_clock(). On return no caller uses the parameters any more. */
void pb_tsc_clock_off(void) PB_NOEXCEPT;

/* Whether the kernel knows the counter's frequency from the hardware or a hypervisor, so that it
 * will not calibrate the counter again. */
int pb_tsc_frequency_is_known(void) PB_NOEXCEPT;
/* ns since boot. */
__u64 pb_tsc_uptime_ns(void) PB_NOEXCEPT;
/* Module parameter tsc_clock. */
int pb_param_tsc_clock(void) PB_NOEXCEPT;
/* Calls perfbuf_tsc_check() from a work queue in @ms. Any context but NMI. */
void pb_tsc_check_after(unsigned int ms) PB_NOEXCEPT;

/* C++. A check is due; @all_cpus: on every CPU, because a CPU has come online. */
void perfbuf_tsc_check(int all_cpus) PB_NOEXCEPT;
/* C++. The system is about to suspend (1), or has resumed (0). */
void perfbuf_tsc_suspend(int suspends) PB_NOEXCEPT;
/* C++. Module load and unload. */
int perfbuf_tsc_init(void) PB_NOEXCEPT;
void perfbuf_tsc_exit(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#else
/*
 * Module load and unload, C only: called by perfbuf_tsc_init() and perfbuf_tsc_exit(). If the start
 * fails, no CPU has parameters, and the clock stays off.
 */
void pb_tsc_start(void);
void pb_tsc_stop(void);
#endif
#endif /* PERFBUF_GLUE_TSC_H */
