/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of the kernel's perf events, with an overflow handler of ours. */
#ifndef PERFBUF_GLUE_PMU_H
#define PERFBUF_GLUE_PMU_H

#include "device/task.h"
#include "regs.h"
#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct perf_event_attr;
typedef struct perf_event pb_counter;

/*
 * Process context, may sleep, unless a function says otherwise.
 *
 * A counter of what @attr names, on @cpu (-1: any) and of @target (NULL: all). 0 and *@made, or
 * perf's errno. It calls perfbuf_counter_overflowed() with @owner.
 */
int pb_counter_create(const struct perf_event_attr *attr, int cpu, pb_task *target, void *owner,
		      pb_counter **made) PB_NOEXCEPT;
/* On return its handler does not run and never will. */
void pb_counter_release(pb_counter *counter) PB_NOEXCEPT;
void pb_counter_enable(pb_counter *counter) PB_NOEXCEPT;
/* The count, of inherited children too; *@running_ns: how long it was really counted. */
__u64 pb_counter_read(pb_counter *counter, __u64 *running_ns) PB_NOEXCEPT;
/*
 * The same as far as this CPU knows it. A counter that does not run here gives what it had when it
 * ran last. Any context, NMI included; interrupts off.
 */
__u64 pb_counter_read_here(pb_counter *counter, __u64 *running_ns) PB_NOEXCEPT;
/* attr.sample_period or sample_freq from now on: 0, or perf's errno and nothing has changed. */
int pb_counter_set_period(pb_counter *counter, __u64 value) PB_NOEXCEPT;
/* Moves a breakpoint without inherited copies: 0, or perf's errno and nothing has changed. */
int pb_counter_move(pb_counter *counter, __u64 address, __u64 bytes, __u32 type) PB_NOEXCEPT;

/* Whether an event of PERF_TYPE_BREAKPOINT lets what has met it go on. Any context. */
int pb_breakpoints_go_on(void) PB_NOEXCEPT;

/*
 * Sends the current task SIGTRAP with code TRAP_PERF, as attr.sigtrap does. Hard irq.
 * pb_can_send_traps(): whether a hard irq may take the locks of signals; not on PREEMPT_RT.
 */
void pb_send_trap(__u64 address, __u32 type, __u64 data) PB_NOEXCEPT;
int pb_can_send_traps(void) PB_NOEXCEPT;

/* The state of the CPU at an overflow of a counter. */
struct pb_overflow {
	const pb_regs *regs; /* what was interrupted */
	__u64 ip;
	__u64 address;
	__u64 period;
	const void *raw; /* PERF_SAMPLE_RAW, of a tracepoint; NULL: nothing */
	__u32 raw_bytes;
	__u32 cpu;
	int is_user;
};

/* C++: @owner's period is over. Any context, NMI included; interrupts off. */
void perfbuf_counter_overflowed(void *owner, const struct pb_overflow *overflow) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_PMU_H */
