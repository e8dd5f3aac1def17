/* SPDX-License-Identifier: GPL-2.0 */
/* Switches, forks, exits, renames and moves between cgroups of tasks, by the kernel's tracepoints.
 */
#ifndef PERFBUF_GLUE_TRACE_H
#define PERFBUF_GLUE_TRACE_H

#include "device/task.h"
#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pb_tracepoint {
	PB_TASK_SWITCH,
	PB_TASK_FORK,
	PB_TASK_EXIT,
	PB_TASK_RENAME,
	PB_CGROUP_MOVE,
	PB_TRACEPOINTS, /* their number */
};

/*
 * From attach to detach the tracepoint calls its C++ function below. -EOPNOTSUPP: this kernel has
 * no such tracepoint. At most once for each tracepoint; process context, may sleep.
 */
int pb_trace_attach(enum pb_tracepoint which) PB_NOEXCEPT;
void pb_trace_detach(enum pb_tracepoint which) PB_NOEXCEPT;
/* On return no function of a detached tracepoint runs. Process context, sleeps for grace periods.
 */
void pb_trace_synchronize(void) PB_NOEXCEPT;

/* ------------------------------------------------- C++; interrupts off unless a line says
 * otherwise; none may sleep */

/*
 * @next is about to run on this CPU instead of @prev. @preempted: @prev could have gone on. Under
 * the run queue's lock.
 */
void perfbuf_task_switched(pb_task *prev, pb_task *next, int preempted, __u32 cpu) PB_NOEXCEPT;
/* The current task has made @child, which has not run yet. */
void perfbuf_task_forked(pb_task *child, __u32 cpu) PB_NOEXCEPT;
/* Then the same with interrupts on and preemption off; @is_thread: of the same process. */
void perfbuf_task_inherited(pb_task *child, int is_thread) PB_NOEXCEPT;
/* The current task exits. It still has its pid and runs on for a while. */
void perfbuf_task_exiting(__u32 cpu) PB_NOEXCEPT;
/*
 * The current task names @task, which may be itself; @exec: because it executes a program, before
 * the first mapping of that is made. Under the lock of @task's name.
 */
void perfbuf_task_renamed(pb_task *task, const char *name, int exec, __u32 cpu) PB_NOEXCEPT;
/* Tasks, which may run on any CPU, are in another cgroup now. */
void perfbuf_tasks_moved(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_TRACE_H */
