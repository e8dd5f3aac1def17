// SPDX-License-Identifier: GPL-2.0
/* device/task.h on the kernel: tasks, time, CPUs. */
#include "device/task.h"

#include "local_clock.h"

#include <linux/cpumask.h>
#include <linux/hardirq.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

pb_task *pb_task_find(int pid)
{
	struct pid *found = find_get_pid(pid);
	struct task_struct *task = get_pid_task(found, PIDTYPE_PID);

	put_pid(found);
	return task;
}

pb_task *pb_task_get_current(void)
{
	return get_task_struct(current);
}

void pb_task_put(pb_task *task)
{
	if (task)
		put_task_struct(task);
}

pb_task *pb_task_current(void)
{
	return current;
}

__u32 pb_task_cpu(const pb_task *task)
{
	return task_cpu(task);
}

int pb_task_may_run(const pb_task *task)
{
	return READ_ONCE(task->on_rq);
}

int pb_task_is_exiting(const pb_task *task)
{
	return READ_ONCE(task->flags) & PF_EXITING;
}

void pb_current_name(char *name)
{
	char copy[TASK_COMM_LEN];

	get_task_comm(copy, current);
	memcpy(name, copy, sizeof(copy));
}

pb_pid *pb_pid_get_current(void)
{
	return get_pid(task_tgid(current));
}

void pb_pid_put(pb_pid *process)
{
	put_pid(process);
}

__u32 pb_pid_number(pb_pid *process)
{
	return pid_vnr(process);
}

const pb_pid_namespace *pb_pid_namespace_get(void)
{
	return get_pid_ns(task_active_pid_ns(current));
}

void pb_pid_namespace_put(const pb_pid_namespace *ns)
{
	put_pid_ns((struct pid_namespace *)ns);
}

int pb_pid_namespace_is_first(const pb_pid_namespace *ns)
{
	return ns == &init_pid_ns;
}

/* 0 means "not in this namespace" while the task has a pid at all; without one it is -1. */
static u32 task_id(const struct task_struct *task, enum pid_type type, const pb_pid_namespace *ns)
{
	struct task_struct *of = (struct task_struct *)task;
	u32 nr = __task_pid_nr_ns(of, type, (struct pid_namespace *)ns);

	return nr || pid_alive(of) ? nr : (u32)-1;
}

void pb_task_ids(const pb_task *task, const pb_pid_namespace *ns, __u32 *pid, __u32 *tid)
{
	/* The task itself knows its numbers in the first namespace. */
	if (likely(ns == &init_pid_ns && pid_alive(task))) {
		*pid = task->tgid;
		*tid = task->pid;
		return;
	}
	*pid = task_id(task, PIDTYPE_TGID, ns);
	*tid = task_id(task, PIDTYPE_PID, ns);
}

void pb_current_ids(const pb_pid_namespace *ns, __u32 *pid, __u32 *tid)
{
	pb_task_ids(current, ns, pid, tid);
}

__u32 pb_current_parent_id(const pb_pid_namespace *ns)
{
	u32 nr;

	rcu_read_lock();
	nr = task_id(rcu_dereference(current->real_parent), PIDTYPE_TGID, ns);
	rcu_read_unlock();
	return nr;
}

__u64 pb_clock_ns(int clockid)
{
	u64 ns;

	switch (clockid) {
	case CLOCK_MONOTONIC:
		return ktime_get_mono_fast_ns();
	case CLOCK_MONOTONIC_RAW:
		return ktime_get_raw_fast_ns();
	case CLOCK_REALTIME:
		return ktime_get_real_fast_ns();
	case CLOCK_BOOTTIME:
		return ktime_get_boot_fast_ns();
	case CLOCK_TAI:
		return ktime_get_tai_fast_ns();
	}
	preempt_disable_notrace();
	ns = pb_local_clock();
	preempt_enable_notrace();
	return ns;
}

void pb_wait_for_writers(void)
{
	synchronize_rcu_expedited();
}

__u32 pb_this_cpu(void)
{
	return smp_processor_id();
}

__u32 pb_nesting_level(void)
{
	if (in_nmi())
		return 3;
	if (in_hardirq())
		return 2;
	return !!in_serving_softirq();
}

int pb_cpu_is_online(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && cpu_online(cpu);
}

__u32 pb_nr_cpu_ids(void)
{
	return nr_cpu_ids;
}

__u32 pb_online_cpus(void)
{
	return num_online_cpus();
}

int pb_cpu_node(int cpu)
{
	return cpu < 0 ? NUMA_NO_NODE : cpu_to_node(cpu);
}

int pb_call_on_cpu(int cpu, void (*fn)(void *arg), void *arg)
{
	return smp_call_function_single(cpu, fn, arg, 1);
}

void pb_call_on_cpus(bool (*wants)(int cpu, void *arg), void (*fn)(void *arg), void *arg)
{
	on_each_cpu_cond(wants, fn, arg, true);
}

void pb_preempt_disable(void)
{
	preempt_disable();
}

void pb_preempt_enable(void)
{
	preempt_enable();
}
