// SPDX-License-Identifier: GPL-2.0
/* Runs the delayed removal of hooks and static branches (trim.h). Process context. */
#include "trim.h"

#include <linux/jiffies.h>
#include <linux/workqueue.h>

static void trim(struct work_struct *unused)
{
	perfbuf_trim_hooks();
	perfbuf_trim_events();
}

static DECLARE_DELAYED_WORK(trim_work, trim);

void pb_trim_later(void)
{
	schedule_delayed_work(&trim_work, HZ);
}

void pb_trim_cancel(void)
{
	cancel_delayed_work_sync(&trim_work);
}
