// SPDX-License-Identifier: GPL-2.0
/* Calls the functions of wrong.cpp with what makes each of them wrong. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

int cxx_reads_past_heap(const unsigned char *bytes, int length);
int cxx_uses_after_free(const unsigned char *bytes);
int cxx_reads_past_stack(int index);
int cxx_reads_past_global(int index);
int cxx_indexes_past_array(int index);
int cxx_shifts_too_far(int by);
void cxx_increments(int *shared);

/* Keeps the results, and through it the calls. */
static int sink;

/* Unmarked, in two threads. */
static int race(void *shared)
{
	while (!kthread_should_stop()) {
		for (int i = 0; i < 1000; i++)
			cxx_increments(shared);
		cond_resched();
	}
	return 0;
}

static int races_init(void)
{
	struct task_struct *threads[2] = {};
	int error = 0;

	for (int i = 0; i < 2 && !error; i++) {
		threads[i] = kthread_run(race, &sink, "bites/%d", i);
		error = PTR_ERR_OR_ZERO(threads[i]);
	}
	if (!error)
		ssleep(10);
	for (int i = 0; i < 2; i++) {
		if (!IS_ERR_OR_NULL(threads[i]))
			kthread_stop(threads[i]);
	}
	return error;
}

static int __init bites_init(void)
{
	unsigned char *bytes;

	/* A kernel has KASAN or KCSAN. */
	if (IS_ENABLED(CONFIG_KCSAN))
		return races_init();
	bytes = kzalloc(32, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	sink += cxx_reads_past_heap(bytes, 32);
	kfree(bytes);
	sink += cxx_uses_after_free(bytes);
	sink += cxx_reads_past_stack(9);
	sink += cxx_reads_past_global(5);
	sink += cxx_indexes_past_array(4);
	sink += cxx_shifts_too_far(32 + !!sink);
	return 0;
}
module_init(bites_init);

static void __exit bites_exit(void)
{
	pr_info("bites: %d\n", sink);
}
module_exit(bites_exit);

MODULE_DESCRIPTION("Shows that the sanitizers watch C++ objects");
MODULE_LICENSE("GPL");
