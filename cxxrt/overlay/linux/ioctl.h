/* SPDX-License-Identifier: GPL-2.0 */
/* In the kernel the size of a request is checked by a macro of an internal header; here it is the
 * size. */
#pragma once
#define _IOC_TYPECHECK(type) (sizeof(type))
#include_next <linux/ioctl.h>
