// SPDX-License-Identifier: GPL-2.0
/* A binary attribute's read() takes a const struct bin_attribute * (6.16). */
#include <linux/sysfs.h>

ssize_t probe(struct file *file, struct kobject *kobject, const struct bin_attribute *of, char *to,
	      loff_t position, size_t bytes);

struct bin_attribute probed = {.read = probe};
