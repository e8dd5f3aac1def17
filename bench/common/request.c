// SPDX-License-Identifier: GPL-2.0
/* The requests of a benchmark's program, by ioctl(2) on its file in /proc. */
#include "request.h"
#include "steps.h"

#include <linux/ioctl.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

DEFINE_MUTEX(bench_mutex);

long bench_execute(const struct bench_request *requests, size_t count, unsigned int command,
		   unsigned long argument)
{
	u64 copy[BENCH_REQUEST_MAX / sizeof(u64)];
	void __user *user = (void __user *)argument;
	const size_t bytes = _IOC_SIZE(command);
	long ret = -ENOTTY;
	size_t i;

	if (bytes > sizeof(copy) || copy_from_user(copy, user, bytes))
		return -EFAULT;
	mutex_lock(&bench_mutex);
	for (i = 0; i < count; i++)
		if (requests[i].command == command)
			ret = requests[i].execute(copy);
	mutex_unlock(&bench_mutex);
	if (!ret && copy_to_user(user, copy, bytes))
		ret = -EFAULT;
	return ret;
}

long bench_trace_steps(void (*prepare)(void *argument), void (*call)(void *argument),
		       void *argument, u64 to, u32 space)
{
	char *text = vmalloc(space);
	long ret;

	if (!text)
		return -ENOMEM;
	prepare(argument);
	ret = trace_steps(call, argument, text, space);
	if (ret > 0 && copy_to_user(u64_to_user_ptr(to), text, ret))
		ret = -EFAULT;
	vfree(text);
	return ret;
}
