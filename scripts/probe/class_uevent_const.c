// SPDX-License-Identifier: GPL-2.0
/* struct class's dev_uevent takes a const struct device * (6.3). */
#include <linux/device/class.h>

int probe(const struct device *device, struct kobj_uevent_env *env);

struct class probed = {.dev_uevent = probe};
