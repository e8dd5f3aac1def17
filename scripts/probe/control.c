// SPDX-License-Identifier: GPL-2.0
/* Must compile with every kernel: it tells "the kernel lacks it" from "nothing compiles". */
#include <linux/module.h>

int probe(struct module *module);
int probe(struct module *module)
{
	return module_refcount(module);
}
