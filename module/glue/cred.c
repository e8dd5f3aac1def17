// SPDX-License-Identifier: GPL-2.0
/* Capabilities of the caller, and the accounts that memory is charged to. */
#include "device/task.h"
#include "generated/config.h"
#include "glue.h"

#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/security.h>
#include <linux/user_namespace.h>

int pb_may_trace(void)
{
	return perfmon_capable();
}

int pb_file_may_trace(void *filp)
{
	return file_ns_capable(filp, &init_user_ns, CAP_PERFMON) ||
	       file_ns_capable(filp, &init_user_ns, CAP_SYS_ADMIN);
}

/*
 * perf also lets a caller signal a task that it may trace with ptrace(2); modules cannot ask that.
 * Decided here, because the task's user namespace stays only inside this RCU section: a task's
 * credentials are freed a grace period after they are replaced.
 */
int pb_may_signal(void *filp, const pb_task *task)
{
	int may;

	if (same_thread_group((struct task_struct *)task, current))
		return 1;
	rcu_read_lock();
	may = ns_capable(__task_cred(task)->user_ns, CAP_KILL) &&
	      file_ns_capable(filp, __task_cred(task)->user_ns, CAP_KILL);
	rcu_read_unlock();
	return may;
}

int pb_locked_down(void)
{
	return security_locked_down(LOCKDOWN_PERF) != 0;
}

/*
 * A user by its number: there is one struct user_struct for each uid, but a module can hold a
 * reference to it only where free_uid() is exported, and 6.1.176 (Debian 12's) does not export it.
 * Never NULL.
 */
static void *user_of(kuid_t uid)
{
	return (void *)(((unsigned long)__kuid_val(uid) + 1) << 6);
}

void *pb_user_get_current(void)
{
	return (void *)pb_user_current();
}

void pb_user_put(void *user)
{
}

int pb_user_is_root(const void *user)
{
	return user == user_of(GLOBAL_ROOT_UID);
}

int pb_may_exceed_limits(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

int pb_may_trace_noaudit(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_PERFMON) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

const void *pb_user_current(void)
{
	return user_of(current_user()->uid);
}

const void *pb_user_of_file(const void *filp)
{
	return user_of(((const struct file *)filp)->f_cred->user->uid);
}

/* The counter that perf itself charges, so that both share one limit. */
static atomic_long_t *user_counter(struct user_struct *user)
{
#ifdef PB_HAVE_USER_PERF_MLOCK
	return &user->perf_mlock;
#else
	return &user->locked_vm;
#endif
}

void pb_locked_memory_read(struct pb_locked_memory *out)
{
	*out = (struct pb_locked_memory){
		.user_pages = atomic_long_read(user_counter(current_user())),
		.mm_pages = atomic64_read(&current->mm->pinned_vm),
		.mm_limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT,
	};
}

int pb_may_lock_memory(void)
{
	return capable(CAP_IPC_LOCK);
}

void pb_charge_pages(struct pb_charge *charge)
{
	struct mm_struct *mm = current->mm;

	atomic_long_add(charge->user_pages, user_counter(current_user()));
	atomic64_add(charge->mm_pages, &mm->pinned_vm);
	/* The last user of the mm may be gone before the last mapping; its counters must stay. */
	mmgrab(mm);
	/* Credentials hold their user. */
	charge->user = (void *)get_current_cred();
	charge->mm = mm;
}

void pb_uncharge_pages(const struct pb_charge *charged)
{
	const struct cred *cred = charged->user;
	struct mm_struct *mm = charged->mm;

	atomic_long_sub(charged->user_pages, user_counter(cred->user));
	atomic64_sub(charged->mm_pages, &mm->pinned_vm);
	put_cred(cred);
	mmdrop(mm);
}
