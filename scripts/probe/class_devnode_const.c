// SPDX-License-Identifier: GPL-2.0
/* struct class's devnode takes a const struct device * (6.2). */
#include <linux/device/class.h>

char *probe(const struct device *device, umode_t *mode);

struct class probed = {.devnode = probe};
