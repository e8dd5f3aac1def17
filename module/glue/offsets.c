// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes and constants of kernel types for C++, which cannot include their headers. Never linked:
 * kbuild compiles this to assembly and makes generated/offsets.h of the markers in it.
 *
 * An opaque object in C++ is aligned to 8 bytes; the assertions here say that this is enough.
 */
#include "coredump.h"
#include "defer.h"
#include "wake.h"

#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kbuild.h>
#include <linux/log2.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/threads.h>
#include <linux/types.h>
#include <linux/wait.h>

#define SIZEOF(name, type)                                                                         \
	do {                                                                                       \
		static_assert(__alignof__(type) <= 8);                                             \
		DEFINE(PB_SIZEOF_##name, sizeof(type));                                            \
	} while (0)

int main(void);
int main(void)
{
	DEFINE(PB_PAGE_SHIFT, PAGE_SHIFT);
	DEFINE(PB_NR_CPUS, NR_CPUS);
	/* If caches alias (a page at two addresses is cached twice), the kernel requires vmalloc
	 * for rings.
	 */
	DEFINE(PB_USE_VMALLOC, IS_ENABLED(CONFIG_PERF_USE_VMALLOC));
	/* MAX_ORDER itself has meant two things. */
	DEFINE(PB_PAGE_ORDER_MAX, ilog2(MAX_ORDER_NR_PAGES));
	DEFINE(PB_TASK_COMM_LEN, TASK_COMM_LEN);

	SIZEOF(MUTEX, struct mutex);
	SIZEOF(SPINLOCK, raw_spinlock_t);
	SIZEOF(IRQ_WORK, struct pb_irq_work);
	SIZEOF(DUMP_WORK, struct pb_dump_work);
	SIZEOF(WAITQUEUE, wait_queue_head_t);
	SIZEOF(RCU_WORK, struct pb_defer);
	SIZEOF(TIMER, struct hrtimer);
	SIZEOF(REFCOUNT, refcount_t);

	/* A process causes each allocation, so its memory cgroup pays. */
	DEFINE(PB_GFP_KERNEL, GFP_KERNEL_ACCOUNT);
	DEFINE(PB_GFP_ATOMIC, GFP_ATOMIC | __GFP_ACCOUNT);
	DEFINE(PB_GFP_NOWAIT, GFP_NOWAIT | __GFP_ACCOUNT);
	return 0;
}
