/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's stand-in for the kernel under the ring: cxxrt/platform.h and
 * ring/pages.h. Nothing happens by itself: what was raised or deferred waits
 * until the test runs it.
 */
#pragma once

namespace perfbuf::host
{

/* Runs the irq_works that were raised; returns how many. */
unsigned run_irq_works();
/* Runs the deferred functions, and everything that they raise, defer or arm. */
void settle();
/* The deferred calls alone: irq_works that are raised stay so, unless something waits for them. */
void reclaim();
/* Aborts if something that may still run is in this memory, which is about to be freed. */
void check_free(const void *memory, unsigned long bytes);
/* Fires the alarms that were started. */
void expire_alarms();

/* For locks that are not cxxrt's: this thread takes or releases a lock that other users take. */
void shared_lock_taken();
void shared_lock_released();
/* Memory is allocated that the kernel charges to a memory cgroup: aborts if this thread holds a
 * lock that other users take. */
void check_charge();

/* Called before each allocation by cxxrt_alloc(), if set. */
extern void (*on_allocate)();
/* Called at each raise of an irq_work, if set. */
extern void (*on_raise)(const void *work);
/* Called where the ring waits for a grace period, if set. */
extern void (*on_grace_period)();
/* Called where the ring interrupts @cpu so that its stores are seen in order, if set. */
extern void (*on_order_stores)(int cpu);
/* Whether it was raised and has not run since. */
bool is_raised(const void *work);

} // namespace perfbuf::host
