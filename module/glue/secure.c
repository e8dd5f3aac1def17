// SPDX-License-Identifier: GPL-2.0
/*
 * If a task executes a program that its user may not observe, perf removes the task's events: exec
 * calls perf_event_exit_task() with the new credentials set and before anything is mapped. A probe
 * of that function comes at the same time; the tracepoint sched_process_exec comes later, after the
 * mappings. device/hooks.cpp chooses.
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

/* Notifies C++ that the current task executes such a program. */
static void secured(void)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_task_secured(smp_processor_id());
	local_irq_restore(flags);
}

/*
 * Returns nonzero to skip on_return(): at an exit, which calls the function, too. It may run in a
 * breakpoint, which counts as an NMI. This is decided here, because the kernel uses up one of its
 * kretprobe_instances for a task that is not skipped.
 */
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

/* The tracepoint's handler: compares what perf compares, here, because only C sees the members of
 * bprm and cred. */
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

int pb_secure_probe_attach(unsigned int tasks_max)
{
	/* register_kretprobe() sets members that must be zero before, so each registration needs a
	 * new one. */
	probe = (struct kretprobe){
		.kp.symbol_name = "perf_event_exit_task",
		.entry_handler = on_entry,
		.handler = on_return,
		.maxactive = tasks_max,
	};
	return register_kretprobe(&probe);
}

void pb_secure_probe_detach(void)
{
	unregister_kretprobe(&probe);
}

int pb_secure_tracepoint_attach(void)
{
	for_each_kernel_tracepoint(find_point, NULL);
	return point ? tracepoint_probe_register(point, on_exec, NULL) : -EOPNOTSUPP;
}

void pb_secure_tracepoint_detach(void)
{
	tracepoint_probe_unregister(point, on_exec, NULL);
	tracepoint_synchronize_unregister();
}
