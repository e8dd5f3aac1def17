/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that the C++ runtime calls in the kernel or host below it: a C ABI of plain types.
 * module/glue/cxxrt.c implements it in the kernel, kunit/host/platform.cpp on
 * the host.
 *
 * Objects are opaque; <generated/offsets.h> gives their size for the kernel at
 * hand (the host has a file of that name of its own).
 */
#ifndef CXXRT_PLATFORM_H
#define CXXRT_PLATFORM_H

#ifdef __cplusplus
#define CXXRT_NOEXCEPT noexcept
extern "C" {
#else
#define CXXRT_NOEXCEPT
#endif

/* Memory. @gfp: a PB_GFP_* of <generated/offsets.h>. Contexts: as @gfp says. Zeroed; NULL when
 * there is none. */
void *cxxrt_alloc(unsigned long bytes, unsigned int gfp) CXXRT_NOEXCEPT;
/* Any context but NMI. NULL is allowed. */
void cxxrt_free(void *memory) CXXRT_NOEXCEPT;

/* A broken invariant: warns with a backtrace, once for each call site. Any context. */
void cxxrt_warn(const char *message) CXXRT_NOEXCEPT;
/* A call of a pure virtual function: warns and stops. Any context. Does not return. */
void cxxrt_fatal(const char *message) CXXRT_NOEXCEPT;

/* Mutexes: process context, may sleep. @name: the lock class that lockdep shows; a literal. */
void cxxrt_mutex_init(void *mutex, const char *name, void *class_key) CXXRT_NOEXCEPT;
void cxxrt_mutex_lock(void *mutex) CXXRT_NOEXCEPT;
void cxxrt_mutex_unlock(void *mutex) CXXRT_NOEXCEPT;
void cxxrt_mutex_assert_held(void *mutex) CXXRT_NOEXCEPT;
void cxxrt_mutex_destroy(void *mutex) CXXRT_NOEXCEPT;

/* Raw spinlocks that keep interrupts off: process, softirq, irq; never NMI. */
void cxxrt_spinlock_init(void *lock, const char *name, void *class_key) CXXRT_NOEXCEPT;
unsigned long cxxrt_spinlock_lock(void *lock) CXXRT_NOEXCEPT;
void cxxrt_spinlock_unlock(void *lock, unsigned long flags) CXXRT_NOEXCEPT;

/* Reference counts that saturate and then never free. Any context. */
void cxxrt_refcount_set(void *count, int value) CXXRT_NOEXCEPT;
void cxxrt_refcount_inc(void *count) CXXRT_NOEXCEPT;
int cxxrt_refcount_inc_not_zero(void *count) CXXRT_NOEXCEPT;
int cxxrt_refcount_dec_and_test(void *count) CXXRT_NOEXCEPT;
unsigned int cxxrt_refcount_read(const void *count) CXXRT_NOEXCEPT;

/*
 * RCU. A stretch with preemption off is a read-side section.
 * cxxrt_defer runs @reclaim in process context after a grace period; @work is PB_SIZEOF_RCU_WORK
 * bytes that were initialised once. Any context but NMI.
 */
void cxxrt_defer_init(void *work, void (*reclaim)(void *work)) CXXRT_NOEXCEPT;
void cxxrt_defer(void *work) CXXRT_NOEXCEPT;
/* Process context, sleeps for a grace period. */
void cxxrt_synchronize_rcu(void) CXXRT_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* CXXRT_PLATFORM_H */
