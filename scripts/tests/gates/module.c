// SPDX-License-Identifier: GPL-2.0
/* The C half of the cases that get as far as a module. */
#include <cxxrt/platform.h>
#include <linux/module.h>
#include <linux/slab.h>

int gate_case(void);

void *cxxrt_alloc(unsigned long bytes, unsigned int gfp)
{
	return kzalloc(bytes, gfp);
}

void cxxrt_free(void *memory)
{
	kfree(memory);
}

void cxxrt_fatal(const char *message)
{
	panic("%s", message);
}

static int __init gate_init(void)
{
	return gate_case();
}
module_init(gate_init);

static void __exit gate_exit(void)
{
}
module_exit(gate_exit);

MODULE_DESCRIPTION("A build gate's test");
MODULE_LICENSE("GPL");
