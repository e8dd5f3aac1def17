// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints. Those of tasks are not exported by name, but every tracepoint can be found among
 * all. A probe has exactly the prototype that the kernel calls: with kCFI any other one panics, so
 * the compiler checks each (check_prototypes()).
 */
#include "trace.h"

#include "generated/config.h"

#include <linux/irqflags.h>
#include <linux/mm_types.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/cgroup.h>
#include <trace/events/sched.h>
#include <trace/events/task.h>

#ifdef PB_HAVE_NEWTASK_U64_FLAGS
typedef u64 newtask_flags;
#else
typedef unsigned long newtask_flags;
#endif

static void on_switch(void *data, bool preempt, struct task_struct *prev, struct task_struct *next,
		      unsigned int prev_state)
{
	perfbuf_task_switched(prev, next, preempt || task_is_running(prev), smp_processor_id());
}

static void on_fork(void *data, struct task_struct *child, newtask_flags clone_flags)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_task_forked(child, smp_processor_id());
	local_irq_restore(flags);
	preempt_disable();
	perfbuf_task_inherited(child, !!(clone_flags & CLONE_THREAD));
	preempt_enable();
}

#ifdef PB_HAVE_PROCESS_EXIT_GROUP_DEAD
static void on_exit(void *data, struct task_struct *task, bool group_dead)
#else
static void on_exit(void *data, struct task_struct *task)
#endif
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_task_exiting(smp_processor_id());
	local_irq_restore(flags);
}

static int is_exec(struct task_struct *renamed)
{
#ifdef PB_HAVE_IN_EXECVE
	return renamed == current && current->in_execve;
#else
	/* exec has given the task its new memory and not yet a stack in it. */
	return renamed == current && current->mm && !current->mm->start_stack;
#endif
}

static void on_rename(void *data, struct task_struct *task, const char *name)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_task_renamed(task, name, is_exec(task), smp_processor_id());
	local_irq_restore(flags);
}

static void on_cgroup_move(void *data, struct cgroup *to, const char *path,
			   struct task_struct *task, bool threadgroup)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_tasks_moved();
	local_irq_restore(flags);
}

/* Not called: a kernel that passes other arguments does not compile here. docs/porting.md */
static inline void check_prototypes(void)
{
	check_trace_callback_type_sched_switch(on_switch);
	check_trace_callback_type_task_newtask(on_fork);
	check_trace_callback_type_sched_process_exit(on_exit);
	check_trace_callback_type_task_rename(on_rename);
	check_trace_callback_type_cgroup_attach_task(on_cgroup_move);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *point;
} points[PB_TRACEPOINTS] = {
	[PB_TASK_SWITCH] = {"sched_switch", on_switch},
	/* sched_process_fork does not see the threads that the kernel makes for a process. */
	[PB_TASK_FORK] = {"task_newtask", on_fork},
	[PB_TASK_EXIT] = {"sched_process_exit", on_exit},
	[PB_TASK_RENAME] = {"task_rename", on_rename},
	[PB_CGROUP_MOVE] = {"cgroup_attach_task", on_cgroup_move},
};

static void find_points(struct tracepoint *point, void *unused)
{
	unsigned int i;

	for (i = 0; i < PB_TRACEPOINTS; i++) {
		if (!strcmp(point->name, points[i].name))
			points[i].point = point;
	}
}

int pb_trace_attach(enum pb_tracepoint which)
{
	if (!points[which].point)
		for_each_kernel_tracepoint(find_points, NULL);
	if (!points[which].point)
		return -EOPNOTSUPP;
	return tracepoint_probe_register(points[which].point, points[which].probe, NULL);
}

void pb_trace_detach(enum pb_tracepoint which)
{
	tracepoint_probe_unregister(points[which].point, points[which].probe, NULL);
}

void pb_trace_synchronize(void)
{
	tracepoint_synchronize_unregister();
}
