// SPDX-License-Identifier: GPL-2.0
/* The binary attributes of a group are const, and so is the array of pointers to them (6.16). */
#include <linux/sysfs.h>

extern const struct bin_attribute *const probe[];

struct attribute_group probed = {.bin_attrs = probe};
