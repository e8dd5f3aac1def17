// SPDX-License-Identifier: GPL-2.0
/*
 * The C half of a driver whose other half is C++: the code that needs the kernel's headers.
 *
 *	perfbuf record -e accelerator:submitted -e accelerator:completed -a sleep 1
 */
#include "engine.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include <perfbuf/producer.h>

#define PERIOD_NS (500 * NSEC_PER_USEC)

static struct hrtimer timer;
static struct task_struct *submitter;

unsigned long long engine_now(void)
{
	return ktime_get_ns();
}

static enum hrtimer_restart on_interrupt(struct hrtimer *which)
{
	engine_interrupt();
	hrtimer_forward_now(which, ns_to_ktime(PERIOD_NS));
	return HRTIMER_RESTART;
}

static int submit(void *unused)
{
	while (!kthread_should_stop()) {
		engine_submit();
		usleep_range(200, 400);
	}
	return 0;
}

int engine_start(struct perfbuf_source *source)
{
	submitter = kthread_run(submit, NULL, "accelerator");
	if (IS_ERR(submitter))
		return PTR_ERR(submitter);
	hrtimer_start(&timer, ns_to_ktime(PERIOD_NS), HRTIMER_MODE_REL_HARD);
	return 0;
}

void engine_stop(struct perfbuf_source *source)
{
	kthread_stop(submitter);
	hrtimer_cancel(&timer);
}

static int __init accelerator_init(void)
{
#ifdef HAVE_HRTIMER_SETUP
	hrtimer_setup(&timer, on_interrupt, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = on_interrupt;
#endif
	return perfbuf_source_register(&engine_source);
}

static void __exit accelerator_exit(void)
{
	perfbuf_source_unregister(&engine_source);
}

module_init(accelerator_init);
module_exit(accelerator_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a C++ driver that is a source for perfbuf");
