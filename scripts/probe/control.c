// SPDX-License-Identifier: GPL-2.0
/* Must compile with every kernel: if it does not, no probe says anything about the kernel. */
#include <linux/module.h>

int probe(struct module *module);
int probe(struct module *module)
{
	return module_refcount(module);
}
