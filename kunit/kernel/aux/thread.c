// SPDX-License-Identifier: GPL-2.0
/* A kernel thread that calls a function again and again, with preemption off. */
#include "thread.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/slab.h>

struct pattern_thread {
	struct task_struct *task;
	void (*run)(void *argument);
	void *argument;
};

static int thread_loop(void *data)
{
	struct pattern_thread *thread = data;

	while (!kthread_should_stop()) {
		preempt_disable();
		thread->run(thread->argument);
		preempt_enable();
		usleep_range(50, 200);
	}
	return 0;
}

void *pattern_thread_start(int cpu, void (*run)(void *argument), void *argument)
{
	struct pattern_thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);

	if (!thread)
		return NULL;
	thread->run = run;
	thread->argument = argument;
	thread->task = kthread_create_on_cpu(thread_loop, thread, cpu, "pattern/%u");
	if (IS_ERR(thread->task)) {
		kfree(thread);
		return NULL;
	}
	wake_up_process(thread->task);
	return thread;
}

void pattern_thread_stop(void *thread)
{
	if (thread)
		kthread_stop(((struct pattern_thread *)thread)->task);
	kfree(thread);
}
