// SPDX-License-Identifier: GPL-2.0
/* cxxrt/platform.h on the kernel. */
#include <cxxrt/platform.h>

#include "defer.h"

#include <linux/bug.h>
#include <linux/cred.h>
#include <linux/debug_locks.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

static struct workqueue_struct *defer_queue;

#ifdef CONFIG_LOCKDEP
/* docs/limits.md has the rule, and lock.hpp how its locks are named. Root may wait for itself. */
static void check_charge(void)
{
	int i;

	if (!debug_locks || uid_eq(current_uid(), GLOBAL_ROOT_UID))
		return;
	for (i = 0; i < current->lockdep_depth; i++) {
		const char *name = current->held_locks[i].instance->name;

		WARN_ONCE(strstarts(name, "perfbuf") && !strstarts(name, "perfbuf file"),
			  "memory is charged under the lock %s, which other users take\n", name);
	}
}
#else
static void check_charge(void)
{
}
#endif

void *cxxrt_alloc(unsigned long bytes, unsigned int gfp)
{
	/* The caller returns ENOMEM to user space; the kernel's log gets no message. */
	if (gfpflags_allow_blocking(gfp)) {
		check_charge();
		return kvzalloc(bytes, gfp | __GFP_NOWARN);
	}
	return kzalloc(bytes, gfp);
}

void cxxrt_free(void *memory)
{
	kvfree(memory);
}

void cxxrt_warn(const char *message)
{
	WARN_ONCE(1, "%s\n", message);
}

void cxxrt_fatal(const char *message)
{
	WARN(1, "%s\n", message);
}

/* The class key is the caller's static storage, as lockdep wants it. */
static_assert(sizeof(struct lock_class_key) <= 64);

void cxxrt_mutex_init(void *mutex, const char *name, void *class_key)
{
	/* With PREEMPT_RT this is a macro that needs the type. */
	__mutex_init((struct mutex *)mutex, name, class_key);
}

void cxxrt_mutex_lock(void *mutex)
{
	mutex_lock(mutex);
}

void cxxrt_mutex_unlock(void *mutex)
{
	mutex_unlock(mutex);
}

void cxxrt_mutex_assert_held(void *mutex)
{
	lockdep_assert_held((struct mutex *)mutex);
}

void cxxrt_mutex_destroy(void *mutex)
{
	mutex_destroy(mutex);
}

void cxxrt_spinlock_init(void *lock, const char *name, void *class_key)
{
	raw_spinlock_t *raw = lock;

#ifdef CONFIG_DEBUG_SPINLOCK
	__raw_spin_lock_init(raw, name, class_key, LD_WAIT_SPIN);
#else
	raw_spin_lock_init(raw);
#endif
}

unsigned long cxxrt_spinlock_lock(void *lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave((raw_spinlock_t *)lock, flags);
	return flags;
}

void cxxrt_spinlock_unlock(void *lock, unsigned long flags)
{
	raw_spin_unlock_irqrestore((raw_spinlock_t *)lock, flags);
}

void cxxrt_refcount_set(void *count, int value)
{
	refcount_set(count, value);
}

void cxxrt_refcount_inc(void *count)
{
	refcount_inc(count);
}

int cxxrt_refcount_inc_not_zero(void *count)
{
	return refcount_inc_not_zero(count);
}

int cxxrt_refcount_dec_and_test(void *count)
{
	return refcount_dec_and_test(count);
}

unsigned int cxxrt_refcount_read(const void *count)
{
	return refcount_read(count);
}

/* An rcu_work with the C++ function that it ends in: PB_SIZEOF_RCU_WORK bytes. */
static void defer_run(struct work_struct *work)
{
	struct pb_defer *defer = container_of(to_rcu_work(work), struct pb_defer, work);

	defer->reclaim(defer);
}

void cxxrt_defer_init(void *work, void (*reclaim)(void *work))
{
	struct pb_defer *defer = work;

	INIT_RCU_WORK(&defer->work, defer_run);
	defer->reclaim = reclaim;
}

void cxxrt_defer(void *work)
{
	struct pb_defer *defer = work;

	queue_rcu_work(defer_queue, &defer->work);
}

void cxxrt_synchronize_rcu(void)
{
	synchronize_rcu();
}

int pb_defer_start(void)
{
	defer_queue = alloc_workqueue("perfbuf", WQ_UNBOUND, 0);
	return defer_queue ? 0 : -ENOMEM;
}

void pb_defer_stop(void)
{
	int round;

	/*
	 * The callbacks of a grace period queue the work. The first barrier waits until the files
	 * are reclaimed; every tracepoint and irq_work has then returned. The second barrier waits
	 * for what those deferred, the last one for the rings that the end of an AUX area deferred.
	 */
	for (round = 0; round < 3; round++) {
		rcu_barrier();
		flush_workqueue(defer_queue);
	}
	destroy_workqueue(defer_queue);
}
