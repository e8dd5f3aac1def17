// SPDX-License-Identifier: GPL-2.0
/* Registers and stacks of arm64. */
#include "regs.h"

#include <linux/compat.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include <asm/memory.h>
#include <asm/perf_regs.h>

#include "arch.h"

static u64 value_of(const struct pt_regs *regs, unsigned int reg)
{
	/* An AArch32 task has sp, lr and pc in r13 to r15. */
	if (compat_user_mode(regs)) {
		if (reg == PERF_REG_ARM64_SP)
			return regs->compat_sp;
		if (reg == PERF_REG_ARM64_LR)
			return regs->compat_lr;
		if (reg == 15)
			return regs->pc;
	}
	if (reg == PERF_REG_ARM64_SP)
		return regs->sp;
	if (reg == PERF_REG_ARM64_PC)
		return regs->pc;
	return regs->regs[reg];
}

__u32 pb_regs_values(const pb_regs *regs, __u64 mask, __u64 *out)
{
	u32 n = 0;

	for (; mask; mask &= mask - 1) {
		unsigned int reg = __ffs(mask);

		if (WARN_ON_ONCE(reg >= PERF_REG_ARM64_MAX))
			break;
		out[n++] = value_of(regs, reg);
	}
	return n;
}

/*
 * The kernel lets a module unwind from where it is, not from registers: its unwinder begins here,
 * and what lies above the interrupted function is left out. That function's own address stands on
 * the stack, in the frame record that the entry code has made of the exception.
 */
__u32 pb_unwind_kernel(const pb_regs *interrupted, __u64 *out, __u32 max)
{
	const u64 pc = interrupted->pc;
	u32 found, i;

	if (!max)
		return 0;
	static_assert(sizeof(*out) == sizeof(unsigned long));
	found = stack_trace_save((unsigned long *)out, max, 0);
	for (i = 0; i < found && out[i] != pc; i++)
		;
	if (i == found) {
		/* It is deeper than @max, or an exception of another kind lies between. */
		out[0] = pc;
		return 1;
	}
	memmove(out, out + i, (found - i) * sizeof(*out));
	return found - i;
}

struct frame_64 {
	u64 fp;
	u64 lr;
};

/* In front of where the frame pointer of an AArch32 task points to. */
struct frame_32 {
	u32 fp;
	u32 sp;
	u32 lr;
} __packed;

/* Without the code that authenticates it, which user space keeps above the address. */
static u64 without_pac(u64 lr)
{
	return lr & (TASK_SIZE_64 - 1);
}

/* Up the stack only: a loop ends. */
static u32 unwind_user_64(u64 fp, __u64 *out, u32 max)
{
	struct frame_64 frame;
	u32 n = 0;

	while (n < max && fp && !(fp & 7) &&
	       !pb_arch_copy_from_user(&frame, (const void __user *)fp, sizeof(frame))) {
		out[n++] = without_pac(frame.lr);
		if (frame.fp <= fp)
			break;
		fp = frame.fp;
	}
	return n;
}

static u32 unwind_user_32(u32 fp, __u64 *out, u32 max)
{
	struct frame_32 frame;
	u32 n = 0;

	while (n < max && fp && !(fp & 3) &&
	       !pb_arch_copy_from_user(&frame, (struct frame_32 __user *)compat_ptr(fp) - 1,
				       sizeof(frame))) {
		out[n++] = frame.lr;
		if (frame.fp <= fp)
			break;
		fp = frame.fp;
	}
	return n;
}

__u32 pb_arch_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max)
{
	if (user->abi == PERF_SAMPLE_REGS_ABI_32)
		return unwind_user_32(user->regs->compat_fp, out, max);
	return unwind_user_64(user->regs->regs[29], out, max);
}
