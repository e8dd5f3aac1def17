// SPDX-License-Identifier: GPL-2.0
/* class_create() takes the owner first (until 6.4). */
#include <linux/device.h>
#include <linux/module.h>

struct class *probe(void);
struct class *probe(void)
{
	return class_create(THIS_MODULE, "probe");
}
