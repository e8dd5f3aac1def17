// SPDX-License-Identifier: GPL-2.0
/* Calls the functions of wrong.cpp with what makes each of them wrong. */
#include <linux/module.h>
#include <linux/slab.h>

int cxx_reads_past_heap(const unsigned char *bytes, int length);
int cxx_uses_after_free(const unsigned char *bytes);
int cxx_reads_past_stack(int index);
int cxx_reads_past_global(int index);
int cxx_indexes_past_array(int index);
int cxx_shifts_too_far(int by);

/* Keeps the results, and through it the calls. */
static int sink;

static int __init bites_init(void)
{
	unsigned char *bytes = kzalloc(32, GFP_KERNEL);

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
