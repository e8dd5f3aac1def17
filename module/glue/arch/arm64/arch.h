/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the kernel has on arm64 only, or in another form than elsewhere. For C. */
#ifndef PERFBUF_GLUE_ARCH_H
#define PERFBUF_GLUE_ARCH_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/instruction_pointer.h>
#include <linux/irqflags.h>
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/* @bit, a power of two, if interrupts are on in @flags of local_save_flags(), otherwise 0. */
#define pb_arch_irqs_on(flags, bit) (irqs_disabled_flags(flags) ? 0 : (u32)(bit))

/*
 * The registers as they are here, for an unwinder that begins here. Only in a function that is not
 * inline: pc is where it returns to, which is what pb_unwind_kernel() finds on the stack.
 */
#define pb_arch_here_regs(here)                                                                    \
	(*(here) = (struct pt_regs){                                                               \
		 .pc = _RET_IP_,                                                                   \
		 .sp = current_stack_pointer,                                                      \
		 .regs[29] = (unsigned long)__builtin_frame_address(0),                            \
		 .pstate = PSR_MODE_EL1h,                                                          \
	 })

/* PERF_SAMPLE_REGS_ABI_* of @regs, which are a task's in user space. */
static inline u64 pb_arch_user_abi(struct pt_regs *regs)
{
	return compat_user_mode(regs) ? PERF_SAMPLE_REGS_ABI_32 : PERF_SAMPLE_REGS_ABI_64;
}

struct pb_user_state;
/* pb_unwind_user() behind the first address: what frame pointers lead to. */
__u32 pb_arch_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max);

/* Returns the bytes that were not copied. Any context, without a page fault. */
static inline unsigned long pb_arch_copy_from_user(void *to, const void __user *from,
						   unsigned long bytes)
{
	unsigned long left;

	if (!access_ok(from, bytes))
		return bytes;
	pagefault_disable();
	left = __copy_from_user_inatomic(to, from, bytes);
	pagefault_enable();
	return left;
}

static inline void pb_arch_interrupted(void *unused)
{
}

/*
 * The caller sees what @cpu stored before it answers the interrupt. An offline CPU has ordered its
 * stores when it went offline; interrupting all CPUs would disturb others.
 */
static inline int pb_arch_order_stores(int cpu)
{
	if (cpu < 0)
		return -EOPNOTSUPP;
	(void)smp_call_function_single(cpu, pb_arch_interrupted, NULL, 1);
	return 0;
}

/*
 * Whether a task goes on after it has met a breakpoint of a counter that has an overflow handler of
 * its own. arm64 stops before the access, and the kernel steps over it for perf's own handlers
 * alone (watchpoint_report(), breakpoint_handler()): the task, or the kernel, would meet the same
 * instruction again for ever.
 */
#define PB_ARCH_STEPS_OVER_BREAKPOINTS 0

/* ---------------------------------------------------------------- the counter as a clock */

/* Never called: pb_tsc_is_clock stays off, since PB_ARCH_COUNTER_ERROR_NS is not 0. */
static __always_inline u64 pb_arch_counter_ns(const u64 *multiplier, const u64 *zero)
{
	return local_clock();
}

#endif /* PERFBUF_GLUE_ARCH_H */
