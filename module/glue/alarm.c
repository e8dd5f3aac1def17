// SPDX-License-Identifier: GPL-2.0
/* One-shot timers for the ring: ring/pages.h's pb_alarm_*. */
#include "generated/config.h"
#include "ring/pages.h"

#include <linux/hrtimer.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

struct pb_alarm {
	struct hrtimer timer;
	void (*run)(void *argument);
	void *argument;
};

static enum hrtimer_restart alarm_expired(struct hrtimer *timer)
{
	struct pb_alarm *alarm = container_of(timer, struct pb_alarm, timer);

	alarm->run(alarm->argument);
	return HRTIMER_NORESTART;
}

void *pb_alarm_create(void (*run)(void *argument), void *argument)
{
	struct pb_alarm *alarm = kzalloc(sizeof(*alarm), GFP_KERNEL_ACCOUNT);

	if (!alarm)
		return NULL;
	alarm->run = run;
	alarm->argument = argument;
#ifdef PB_HAVE_HRTIMER_SETUP
	hrtimer_setup(&alarm->timer, alarm_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(&alarm->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	alarm->timer.function = alarm_expired;
#endif
	return alarm;
}

void pb_alarm_start(void *alarm, unsigned long long ns)
{
	hrtimer_start(&((struct pb_alarm *)alarm)->timer, ns_to_ktime(ns),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

void pb_alarm_destroy(void *alarm)
{
	if (alarm)
		hrtimer_cancel(&((struct pb_alarm *)alarm)->timer);
	kfree(alarm);
}

/*
 * Calls the kernel's function, not pb_local_clock(): only a writer whose statistics are mapped
 * reads the clock, on the slow path, twice a record; and the modules that test and measure the ring
 * are built with this file and without the parameters of the time stamp counter. Both clocks return
 * the same.
 */
unsigned long long pb_duration_clock_ns(void)
{
	return local_clock();
}
