// SPDX-License-Identifier: GPL-2.0
/*
 * A write with EFLAGS.TF set stops after each instruction; there a die notifier runs
 * a second writer, in an NMI of its own (int $2). First one NMI in each run, at the
 * first, second, ... boundary; then one at every boundary of a single run.
 */
#include "nmi.h"

#include <linux/completion.h>
#include <linux/kdebug.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#define EVERY_BOUNDARY (-1)
static bool stepping;
static int boundary;
static int nmi_at;

static int on_step(struct notifier_block *self, unsigned long action, void *data)
{
	struct die_args *args = data;
	unsigned long *dr6;

	if (action != DIE_DEBUG || !READ_ONCE(stepping) || smp_processor_id() != writer_cpu)
		return NOTIFY_DONE;
	dr6 = (unsigned long *)ERR_PTR(args->err);
	if (!(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	*dr6 &= ~DR_STEP;
	boundary++;
	if (nmi_at == EVERY_BOUNDARY || nmi_at == boundary)
		asm volatile("int $2");
	return NOTIFY_STOP;
}

static struct notifier_block step_notifier = {.notifier_call = on_step};

/* Returns the instructions of the write. */
static int write_in_steps(enum nmi_how how, int at)
{
	unsigned long flags;

	local_irq_save(flags);
	if (how == WRITE_INTO_FULL)
		nmi_fill(CONTEXT_TASK);
	boundary = 0;
	nmi_at = at;
	WRITE_ONCE(stepping, true);
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(X86_EFLAGS_TF) : "memory", "cc");
	nmi_write(CONTEXT_TASK, how);
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~X86_EFLAGS_TF) : "memory", "cc");
	WRITE_ONCE(stepping, false);
	local_irq_restore(flags);
	return boundary;
}

static int read_all(void)
{
	int ret;

	do
		ret = nmi_read(1024);
	while (ret > 0);
	if (ret)
		return ret;
	preempt_disable();
	nmi_flush();
	preempt_enable();
	do
		ret = nmi_read(1024);
	while (ret > 0);
	return ret ? ret : nmi_accounts();
}

static int step_through(enum nmi_how how)
{
	int instructions = 0;
	int at, ret;

	/* The ring has space for every NMI of the last run. */
	if (how == WRITE_AUX_PACKET || how == WRITE_AUX_TRANSACTION)
		ret = nmi_aux_create(how == WRITE_AUX_PACKET);
	else
		ret = nmi_ring_create(how == WRITE_INTO_FULL ? 1 : RING_PAGES_MAX);
	if (ret)
		return -ret;
	/* Until an NMI would come behind the write. */
	for (at = 1; !ret && at <= instructions + 1; at++) {
		instructions = write_in_steps(how, at);
		ret = read_all();
		cond_resched();
	}
	if (!ret) {
		write_in_steps(how, EVERY_BOUNDARY);
		ret = read_all();
	}
	if (ret)
		pr_err("    # write of kind %d, NMI at instruction %d of %d: %s\n", how, nmi_at,
		       instructions, nmi_failure());
	else
		pr_info("    # write of kind %d: an NMI at each of %d instructions, %llu records\n",
			how, instructions, nmi_attempted());
	nmi_ring_destroy();
	return ret ? -EIO : 0;
}

static DECLARE_COMPLETION(stepped);

static int step_on_cpu(void *failed)
{
	int how;

	for (how = WRITE_PLAIN; how < WRITE_HOWS && !*(int *)failed; how++)
		*(int *)failed = step_through(how);
	complete(&stepped);
	return 0;
}

int nmi_single_step(void)
{
	struct task_struct *task;
	int ret;

	ret = register_die_notifier(&step_notifier);
	if (ret)
		return ret;
	WRITE_ONCE(nmi_armed, true);
	task = kthread_create_on_cpu(step_on_cpu, &ret, writer_cpu, "perfbuf_step/%u");
	if (IS_ERR(task)) {
		ret = PTR_ERR(task);
	} else {
		wake_up_process(task);
		/* Minutes on a slow kernel: not in one sleep, which would look hung. */
		while (!wait_for_completion_timeout(&stepped, HZ))
			;
	}
	WRITE_ONCE(nmi_armed, false);
	unregister_die_notifier(&step_notifier);
	return ret;
}
