// SPDX-License-Identifier: GPL-2.0
/*
 * If a task executes a program that its user may not observe, perf removes the task's events: exec
 * calls perf_event_exit_task() with the new credentials set and before anything is mapped. This
 * file probes that function, so perfbuf does the same at the same time. The tracepoint
 * sched_process_exec comes later, after the mappings, so it is used only if the function cannot be
 * probed.
 */
#include "secure.h"

#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

/* At most so many tasks can be preempted or asleep in perf_event_exit_task() at an exec at once. */
#define HITS_AT_ONCE 256

/* Notifies C++ that the current task executes such a program. */
static void secured(void)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_task_secured(smp_processor_id());
	local_irq_restore(flags);
}

/* Returns nonzero to skip on_return(): at an exit, which calls the function, too. It may run in a
 * breakpoint, which counts as an NMI. */
static int on_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return current->flags & PF_EXITING;
}

/* Runs in the task's context, with preemption off. */
static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	secured();
	return 0;
}

static struct kretprobe probe;

/* The tracepoint's handler: compares what perf compares. */
static void on_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	const struct cred *cred = current_cred();

	if (bprm->secureexec || bprm->interp_flags & BINPRM_FLAGS_ENFORCE_NONDUMP ||
	    !uid_eq(cred->euid, cred->uid) || !gid_eq(cred->egid, cred->gid))
		secured();
}

/* Not called: a kernel that passes other arguments does not compile here. docs/porting.md */
static inline void check_prototype(void)
{
	check_trace_callback_type_sched_process_exec(on_exec);
}

static struct tracepoint *point;

static void find_point(struct tracepoint *candidate, void *unused)
{
	if (!strcmp(candidate->name, "sched_process_exec"))
		point = candidate;
}

int pb_secure_attach(void)
{
	int ret;

	/* register_kretprobe() sets members that must be zero before, so each registration needs a
	 * new one. */
	probe = (struct kretprobe){
		.kp.symbol_name = "perf_event_exit_task",
		.entry_handler = on_entry,
		.handler = on_return,
		.maxactive = HITS_AT_ONCE,
	};
	ret = register_kretprobe(&probe);
	if (!ret || ret == -ENOMEM)
		return ret;

	probe.handler = NULL;
	for_each_kernel_tracepoint(find_point, NULL);
	return point ? tracepoint_probe_register(point, on_exec, NULL) : -EOPNOTSUPP;
}

void pb_secure_detach(void)
{
	if (probe.handler) {
		unregister_kretprobe(&probe);
		return;
	}
	tracepoint_probe_unregister(point, on_exec, NULL);
	tracepoint_synchronize_unregister();
}
