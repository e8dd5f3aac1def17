/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the kernel has on x86-64 only, or in another form than elsewhere. For C. */
#ifndef PERFBUF_GLUE_ARCH_H
#define PERFBUF_GLUE_ARCH_H

#include <linux/compiler.h>
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include <asm/processor-flags.h>

/* @bit, a power of two, if interrupts are on in @flags of local_save_flags(), otherwise 0. */
#define pb_arch_irqs_on(flags, bit) ((u32)(((flags)&X86_EFLAGS_IF) * ((bit) / X86_EFLAGS_IF)))

/* The registers as they are here, for an unwinder that begins here. Only in a function that is not
 * inline. */
static __always_inline void pb_arch_here_regs(struct pt_regs *regs)
{
	*regs = (struct pt_regs){.cs = __KERNEL_CS, .flags = X86_EFLAGS_FIXED};

	/* At one place, so that the unwinder's tables for it hold. */
	asm volatile("leaq 0(%%rip), %0\n\t"
		     "movq %%rsp, %1\n\t"
		     "movq %%rbp, %2"
		     : "=&r"(regs->ip), "=&r"(regs->sp), "=&r"(regs->bp));
}

/* PERF_SAMPLE_REGS_ABI_* of @regs, which are a task's in user space. */
static inline u64 pb_arch_user_abi(struct pt_regs *regs)
{
	return user_64bit_mode(regs) ? PERF_SAMPLE_REGS_ABI_64 : PERF_SAMPLE_REGS_ABI_32;
}

struct pb_user_state;
/* pb_unwind_user() behind the first address: what frame pointers lead to. */
__u32 pb_arch_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max);

/* Returns the bytes that were not copied. Any context, without a page fault. */
static inline unsigned long pb_arch_copy_from_user(void *to, const void __user *from,
						   unsigned long bytes)
{
	return copy_from_user_nmi(to, from, bytes);
}

/* A CPU's stores are seen in the order of its program. */
static inline int pb_arch_order_stores(int cpu)
{
	return 0;
}

/*
 * Whether a task goes on after it has met a breakpoint of a counter that has an overflow handler of
 * its own. x86 stops behind the access, or goes on by RF.
 */
#define PB_ARCH_STEPS_OVER_BREAKPOINTS 1

/* ---------------------------------------------------------------- the counter as a clock */

/*
 * The time stamp counter as the clock (glue/local_clock.h): the product of it and @multiplier in
 * 128 bits, shifted by 32, + @zero. One instruction sequence: for a 128-bit product gcc aligns the
 * stack of the caller.
 */
static __always_inline u64 pb_arch_counter_ns(const u64 *multiplier, const u64 *zero)
{
	u64 ns;

	asm volatile("rdtsc\n\t"
		     "shlq $32, %%rdx\n\t"
		     "orq %%rdx, %%rax\n\t"
		     "mulq %1\n\t"
		     "shrdq $32, %%rdx, %%rax\n\t"
		     "addq %2, %%rax"
		     : "=&a"(ns)
		     : "m"(*multiplier), "m"(*zero)
		     : "rdx", "cc");
	return ns;
}

#endif /* PERFBUF_GLUE_ARCH_H */
