// SPDX-License-Identifier: GPL-2.0
/* Cgroups for events of a cgroup: finds one by its descriptor, and compares it with a task's. */
#include "cgroup.h"

#include "generated/config.h"

#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>

#ifdef PB_HAVE_CGROUPS

#include <linux/cgroup.h>
#include <linux/err.h>

int pb_cgroup_get(int fd, pb_cgroup **out)
{
	struct cgroup *found = cgroup_get_from_fd(fd);

	if (IS_ERR(found))
		return PTR_ERR(found);
	*out = found;
	return 0;
}

void pb_cgroup_put(pb_cgroup *cgroup)
{
	if (cgroup)
		cgroup_put(cgroup);
}

int pb_task_is_in(const pb_task *task, const pb_cgroup *cgroup)
{
	return task_under_cgroup_hierarchy((struct task_struct *)task, (struct cgroup *)cgroup);
}

#else

int pb_cgroup_get(int fd, pb_cgroup **out)
{
	return -EINVAL;
}

void pb_cgroup_put(pb_cgroup *cgroup)
{
}

int pb_task_is_in(const pb_task *task, const pb_cgroup *cgroup)
{
	return 0;
}

#endif

static DEFINE_PER_CPU(call_single_data_t, settle_call);

static void settle(void *unused)
{
	perfbuf_cgroups_settle(smp_processor_id());
}

int pb_cgroups_request_settle(__u32 cpu)
{
	call_single_data_t *call = per_cpu_ptr(&settle_call, cpu);

	/* Not by an initialiser: the loader does not relocate the per-CPU data of a module. */
	call->func = settle;
	return smp_call_function_single_async(cpu, call);
}

static void nothing(void *unused)
{
}

/* A CPU handles what is pending in one interrupt: the calls that are waited for, then the others.
 */
void pb_cgroups_settled(void)
{
	on_each_cpu(nothing, NULL, 1);
	synchronize_rcu();
}
