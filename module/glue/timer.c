// SPDX-License-Identifier: GPL-2.0
/* hrtimers. */
#include "timer.h"

#include "generated/config.h"

#include <linux/hrtimer.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <asm/irq_regs.h>

static enum hrtimer_restart timer_fire(struct hrtimer *timer)
{
	struct pt_regs *regs = get_irq_regs();
	unsigned long ip = 0;
	u32 mode = 0;
	u64 period;

	if (likely(regs)) {
		ip = instruction_pointer(regs);
		mode = user_mode(regs) ? PB_MODE_USER : PB_MODE_KERNEL;
		if (is_idle_task(current))
			mode |= PB_MODE_IDLE;
	}
	period = perfbuf_timer_expired(timer, regs, ip, mode, smp_processor_id());
	if (unlikely(!period))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(period));
	return HRTIMER_RESTART;
}

void pb_timer_init(void *timer)
{
#ifdef PB_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, timer_fire, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	struct hrtimer *hrtimer = timer;

	hrtimer_init(hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer->function = timer_fire;
#endif
}

void pb_timer_start(void *timer, __u64 ns)
{
	hrtimer_start(timer, ns_to_ktime(ns), HRTIMER_MODE_REL_PINNED_HARD);
}

__u64 pb_timer_stop(void *timer)
{
	s64 left = ktime_to_ns(hrtimer_get_remaining(timer));

	if (hrtimer_try_to_cancel(timer) <= 0)
		return 0;
	return left > 0 ? left : 1;
}

void pb_timer_destroy(void *timer)
{
	hrtimer_cancel(timer);
}
