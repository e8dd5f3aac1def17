// SPDX-License-Identifier: GPL-2.0
/* The user side of the current task. What differs is in glue/arch. */
#include "regs.h"

#include "arch.h"
#include "nmi_regs.h"

#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

void pb_user_state_get(const pb_regs *interrupted, struct pb_user_state *out)
{
	struct pt_regs *regs = (struct pt_regs *)interrupted;

	*out = (struct pb_user_state){.abi = PERF_SAMPLE_REGS_ABI_NONE};

	if (!user_mode(regs)) {
		if (current->flags & PB_NO_USER_STATE)
			return;
		if (in_nmi() && !pb_nmi_finds_user_regs(regs->sp))
			return;
		regs = task_pt_regs(current);
	}
	out->regs = regs;
	out->abi = pb_arch_user_abi(regs);
	out->sp = user_stack_pointer(regs);
	/* A task that exits has given its memory back. */
	out->has_memory = !!current->mm;
	if (out->has_memory && out->sp && out->sp < TASK_SIZE)
		out->stack_space = TASK_SIZE - out->sp;
}

__u32 pb_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max)
{
	if (!max)
		return 0;
	out[0] = instruction_pointer((struct pt_regs *)user->regs);
	return 1 + pb_arch_unwind_user(user, out + 1, max - 1);
}
