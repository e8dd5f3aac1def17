// SPDX-License-Identifier: GPL-2.0
/* Copies between the kernel and user space; they may fault and sleep. */
#include "glue.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>

int pb_copy_to_user(__u64 to, const void *from, unsigned long bytes)
{
	return copy_to_user(u64_to_user_ptr(to), from, bytes) ? -EFAULT : 0;
}

int pb_copy_from_user(void *to, __u64 from, unsigned long bytes)
{
	return copy_from_user(to, u64_to_user_ptr(from), bytes) ? -EFAULT : 0;
}

int pb_copy_struct_from_user(void *to, unsigned long known_bytes, __u64 from,
			     unsigned long user_bytes)
{
	return copy_struct_from_user(to, known_bytes, u64_to_user_ptr(from), user_bytes);
}

int pb_copy_text_from_user(char *to, __u64 from, unsigned long bytes)
{
	long n = strncpy_from_user(to, (const char __user *)(unsigned long)from, bytes);

	if (n < 0)
		return n;
	return n == bytes ? -EINVAL : 0;
}

bool pb_signal_is_pending(void)
{
	return signal_pending(current);
}
