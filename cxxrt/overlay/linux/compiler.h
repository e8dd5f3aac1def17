/* SPDX-License-Identifier: GPL-2.0 */
/* See compiler_types.h: some uapi headers name this one. */
#pragma once
#include <linux/compiler_types.h>
