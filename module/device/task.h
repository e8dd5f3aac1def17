/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks, time and CPUs, as the device and the sources see them: a C ABI of
 * plain types, implemented in module/glue/task.c.
 */
#ifndef PERFBUF_DEVICE_TASK_H
#define PERFBUF_DEVICE_TASK_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct task_struct pb_task;
typedef struct pid_namespace pb_pid_namespace;
typedef struct pid pb_pid;

/* The task of @pid in the caller's namespace, with a reference; NULL: there is none. Process
 * context. */
pb_task *pb_task_find(int pid) PB_NOEXCEPT;
/* The caller, with a reference. Process context. */
pb_task *pb_task_get_current(void) PB_NOEXCEPT;
/* Any context but NMI. NULL is allowed. */
void pb_task_put(pb_task *task) PB_NOEXCEPT;
/* The task that runs here, without a reference. Preemption off, or the caller's own. */
pb_task *pb_task_current(void) PB_NOEXCEPT;
/* The CPU that @task runs on, or ran on last. Any context. */
__u32 pb_task_cpu(const pb_task *task) PB_NOEXCEPT;
/*
 * False: @task sleeps, and before it runs again the hook of the switch is called, which sees what
 * the caller stored before a full barrier. If it has not left its CPU yet, it will: a wakeup waits
 * for that (try_to_wake_up(), on_cpu). Any context.
 */
int pb_task_may_run(const pb_task *task) PB_NOEXCEPT;
/* It is on its way out: its exit hooks have run or are about to. Any context. */
int pb_task_is_exiting(const pb_task *task) PB_NOEXCEPT;
/* The name of the caller's thread (PB_TASK_COMM_LEN bytes, with NUL). Process context. */
void pb_current_name(char *name) PB_NOEXCEPT;
/* The caller's process, with a reference, and back. It may exit meanwhile. Process context. */
pb_pid *pb_pid_get_current(void) PB_NOEXCEPT;
void pb_pid_put(pb_pid *process) PB_NOEXCEPT;
/* @process as the caller's pid namespace numbers it; 0: it is not in there. Process context. */
__u32 pb_pid_number(pb_pid *process) PB_NOEXCEPT;
/* Whether an event of @filp may send signals to @task: a thread of the caller's process, or the
 * caller and the credentials of @filp have CAP_KILL over it. Process context. */
int pb_may_signal(void *filp, const pb_task *task) PB_NOEXCEPT;
/* The pid namespace of the caller, with a reference, and back. Process context. */
const pb_pid_namespace *pb_pid_namespace_get(void) PB_NOEXCEPT;
void pb_pid_namespace_put(const pb_pid_namespace *ns) PB_NOEXCEPT;
/* Whether it is the one in which every task has a number. Any context. */
int pb_pid_namespace_is_first(const pb_pid_namespace *ns) PB_NOEXCEPT;

/*
 * tgid and tid of the current task as @ns numbers them; 0 where it has no number, -1 once it is
 * no longer hashed (exiting). Any context.
 */
void pb_current_ids(const pb_pid_namespace *ns, __u32 *pid, __u32 *tid) PB_NOEXCEPT;
/* The same of another task, which the caller knows to stay. Any context. */
void pb_task_ids(const pb_task *task, const pb_pid_namespace *ns, __u32 *pid,
		 __u32 *tid) PB_NOEXCEPT;
/* The tgid of the current task's parent. Any context. */
__u32 pb_current_parent_id(const pb_pid_namespace *ns) PB_NOEXCEPT;

/*
 * Now on clock @clockid (CLOCK_MONOTONIC, _MONOTONIC_RAW, _REALTIME, _BOOTTIME, _TAI), or on
 * perf's own, local_clock(), for -1. ns. Any context; all but the last two of these in NMI.
 */
__u64 pb_clock_ns(int clockid) PB_NOEXCEPT;

/* Returns when every CPU has left the sections without preemption that it was in. Interrupts CPUs.
 * Process context, may sleep. */
void pb_wait_for_writers(void) PB_NOEXCEPT;

/* This CPU. Preemption off. */
__u32 pb_this_cpu(void) PB_NOEXCEPT;
/* 0 task, 1 softirq, 2 irq, 3 NMI: enum nesting. Any context. */
__u32 pb_nesting_level(void) PB_NOEXCEPT;
/* Process context; the answer may be old at once. */
int pb_cpu_is_online(int cpu) PB_NOEXCEPT;
/* CPUs are numbered below this. */
__u32 pb_nr_cpu_ids(void) PB_NOEXCEPT;
/* How many are online now; the answer may be old at once. */
__u32 pb_online_cpus(void) PB_NOEXCEPT;
/* The NUMA node of @cpu; -1 for -1. */
int pb_cpu_node(int cpu) PB_NOEXCEPT;

/*
 * Runs @fn(@arg) on @cpu with interrupts off and waits for it; 0, or -ENXIO when the CPU is
 * offline. Process context, interrupts on.
 */
int pb_call_on_cpu(int cpu, void (*fn)(void *arg), void *arg) PB_NOEXCEPT;

/*
 * The same on each online CPU for which @wants(cpu, @arg) is true. Only those are interrupted.
 * @wants: preemption off. Process context, interrupts on.
 */
void pb_call_on_cpus(bool (*wants)(int cpu, void *arg), void (*fn)(void *arg),
		     void *arg) PB_NOEXCEPT;

/* Preemption off and on, for the few writers that start in process context. */
void pb_preempt_disable(void) PB_NOEXCEPT;
void pb_preempt_enable(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_DEVICE_TASK_H */
