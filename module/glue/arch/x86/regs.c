// SPDX-License-Identifier: GPL-2.0
/* Registers and stacks of x86-64. */
#include "regs.h"

#include "arch.h"

#include <linux/compat.h>
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include <asm/perf_regs.h>
#include <asm/processor-flags.h>
#include <asm/unwind.h>

#define REG(id, field) [PERF_REG_X86_##id] = offsetof(struct pt_regs, field)

/* The segment registers from DS to GS are not in pt_regs: attr is refused with them. */
static const u16 reg_offsets[PERF_REG_X86_64_MAX] = {
	REG(AX, ax),   REG(BX, bx),   REG(CX, cx),   REG(DX, dx),   REG(SI, si),
	REG(DI, di),   REG(BP, bp),   REG(SP, sp),   REG(IP, ip),   REG(FLAGS, flags),
	REG(CS, cs),   REG(SS, ss),   REG(R8, r8),   REG(R9, r9),   REG(R10, r10),
	REG(R11, r11), REG(R12, r12), REG(R13, r13), REG(R14, r14), REG(R15, r15),
};

__u32 pb_regs_values(const pb_regs *regs, __u64 mask, __u64 *out)
{
	u32 n = 0;

	for (; mask; mask &= mask - 1) {
		unsigned int reg = __ffs(mask);

		if (WARN_ON_ONCE(reg >= ARRAY_SIZE(reg_offsets)))
			break;
		out[n++] = *(const unsigned long *)((const char *)regs + reg_offsets[reg]);
	}
	return n;
}

__u32 pb_unwind_kernel(const pb_regs *interrupted, __u64 *out, __u32 max)
{
	struct unwind_state state;
	u32 n = 0;

	if (n == max)
		return n;
	out[n++] = interrupted->ip;

	/*
	 * Started from registers, the unwinder's first frame is the caller's. Those that perf makes
	 * up for software events know the stack alone; they have no flags.
	 */
	if (interrupted->flags & X86_EFLAGS_FIXED)
		unwind_start(&state, current, (struct pt_regs *)interrupted, NULL);
	else
		unwind_start(&state, current, NULL, (unsigned long *)interrupted->sp);
	for (; n < max && !unwind_done(&state); unwind_next_frame(&state)) {
		unsigned long address = unwind_get_return_address(&state);

		if (!address)
			break;
		out[n++] = address;
	}
	return n;
}

struct frame_64 {
	u64 next;
	u64 return_address;
};

struct frame_32 {
	u32 next;
	u32 return_address;
};

static u32 unwind_user_64(u64 fp, __u64 *out, u32 max)
{
	struct frame_64 frame;
	u32 n = 0;

	while (n < max && !copy_from_user_nmi(&frame, (void __user *)fp, sizeof(frame))) {
		out[n++] = frame.return_address;
		fp = frame.next;
	}
	return n;
}

/* Segments are taken to begin at 0, as those of every process that did not ask for others do. */
static u32 unwind_user_32(u64 fp, __u64 *out, u32 max)
{
	struct frame_32 frame;
	u32 n = 0;

	while (n < max && !copy_from_user_nmi(&frame, compat_ptr(fp), sizeof(frame))) {
		out[n++] = frame.return_address;
		fp = frame.next;
	}
	return n;
}

__u32 pb_arch_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max)
{
	if (user->abi == PERF_SAMPLE_REGS_ABI_32)
		return unwind_user_32(user->regs->bp, out, max);
	return unwind_user_64(user->regs->bp, out, max);
}
