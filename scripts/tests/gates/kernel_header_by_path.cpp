// SPDX-License-Identifier: GPL-2.0
// refused: C++ includes the kernel-internal header linux/list_sort.h
// flags: -iquote $(srctree)/include
struct list_head;
#define _LINUX_TYPES_H
#define __nonnull(arguments)
#include "linux/list_sort.h"
