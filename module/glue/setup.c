// SPDX-License-Identifier: GPL-2.0
/* The lock of first and last users, and the lock of the lists that hooks walk. */
#include "setup.h"

#include <linux/mutex.h>
#include <linux/spinlock.h>

static DEFINE_MUTEX(perfbuf_setup);
static DEFINE_RAW_SPINLOCK(lists_lock);

void pb_setup_lock(void)
{
	mutex_lock(&perfbuf_setup);
}

void pb_setup_unlock(void)
{
	mutex_unlock(&perfbuf_setup);
}

unsigned long pb_lists_lock(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lists_lock, flags);
	return flags;
}

void pb_lists_unlock(unsigned long flags)
{
	raw_spin_unlock_irqrestore(&lists_lock, flags);
}
