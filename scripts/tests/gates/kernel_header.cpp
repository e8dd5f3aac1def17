// SPDX-License-Identifier: GPL-2.0
// refused: C++ includes the kernel-internal header linux/slab.h
#include <linux/slab.h>
