/* SPDX-License-Identifier: GPL-2.0 */
/* Whether the saved user registers of the current task are consistent. For the architectures'
 * regs.c. */
#ifndef PERFBUF_GLUE_NMI_REGS_H
#define PERFBUF_GLUE_NMI_REGS_H

#include <linux/hardirq.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

/* Threads that never were in user space, though some of them borrow its memory. */
#ifdef PF_USER_WORKER
#define PB_NO_USER_STATE (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)
#else
#define PB_NO_USER_STATE (PF_KTHREAD | PF_IO_WORKER)
#endif

/*
 * An NMI may come while the entry code saves the task's registers, restores them, or has not yet
 * changed to the task's stack. pt_regs then mixes two entries, or has those of an earlier one. They
 * are consistent in two cases: the interrupted code ran on the task's own stack, below them (@sp);
 * or it ran in an interrupt or softirq, whose entry had saved them before. A task switch (the stack
 * of one task, current of another) and the stacks of exceptions, which may come anywhere, are
 * neither.
 */
static inline bool pb_nmi_finds_user_regs(unsigned long sp)
{
	unsigned long nmis = nmi_count() >> NMI_SHIFT;
	unsigned long stack = (unsigned long)task_stack_page(current);
	unsigned long saved = (unsigned long)task_pt_regs(current);

	/* An NMI counts as a hardirq as well. */
	if (hardirq_count() > nmis * HARDIRQ_OFFSET || in_serving_softirq())
		return true;
	return sp > stack && sp <= saved;
}

#endif /* PERFBUF_GLUE_NMI_REGS_H */
