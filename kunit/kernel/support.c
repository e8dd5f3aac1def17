// SPDX-License-Identifier: GPL-2.0
/* kunit/support.h in the kernel; what goes with the glue is in glue_under_test.c. */
#include "support.h"

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

void pb_test_fail(void *test, const char *file, int line, const char *expression,
		  unsigned long long got, unsigned long long wanted)
{
	KUNIT_FAIL((struct kunit *)test, "%s:%d: %s: got %lld (0x%llx), wanted %lld (0x%llx)",
		   kbasename(file), line, expression, got, got, wanted, wanted);
}

void pb_test_preempt_off(void)
{
	preempt_disable();
}

void pb_test_preempt_on(void)
{
	preempt_enable();
}

static void nothing(void *info)
{
}

/*
 * A raised irq_work is an interrupt that is pending on some CPU. It comes there at the latest
 * when the second of two further interrupts has been answered.
 */
void pb_test_settle_wakeups(void)
{
	on_each_cpu(nothing, NULL, 1);
	on_each_cpu(nothing, NULL, 1);
}

void pb_test_sleep_us(unsigned long pause_us)
{
	usleep_range(pause_us, 2 * pause_us);
}

void *pb_test_frame_address(unsigned long frame)
{
	return pfn_to_kaddr(frame);
}

/* A test's thread has no user space of its own: it borrows init's. */
static struct mm_struct *borrowed;
static unsigned long user_pages;

unsigned long pb_test_user_map(const void *bytes, unsigned long count)
{
	struct task_struct *init;
	unsigned long at;

	rcu_read_lock();
	init = get_pid_task(find_vpid(1), PIDTYPE_PID);
	rcu_read_unlock();
	if (!init)
		return 0;
	borrowed = get_task_mm(init);
	put_task_struct(init);
	if (!borrowed)
		return 0;
	kthread_use_mm(borrowed);

	user_pages = vm_mmap(NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	at = user_pages + PAGE_SIZE - count;
	if (IS_ERR_VALUE(user_pages) || vm_munmap(user_pages + PAGE_SIZE, PAGE_SIZE) ||
	    copy_to_user((void __user *)at, bytes, count)) {
		pb_test_user_unmap();
		return 0;
	}
	return at;
}

void pb_test_user_unmap(void)
{
	if (!IS_ERR_VALUE(user_pages))
		vm_munmap(user_pages, 2 * PAGE_SIZE);
	kthread_unuse_mm(borrowed);
	mmput(borrowed);
	borrowed = NULL;
}
