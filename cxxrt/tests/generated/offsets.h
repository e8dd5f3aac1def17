/* SPDX-License-Identifier: GPL-2.0 */
/* The host's: what kbuild makes of module/glue/offsets.c in the kernel. */
#pragma once
#define PB_SIZEOF_MUTEX	   16
#define PB_SIZEOF_SPINLOCK 4
#define PB_SIZEOF_REFCOUNT 4
#define PB_SIZEOF_RCU_HEAD 16
#define PB_SIZEOF_RCU_WORK 32
#define PB_GFP_KERNEL	   1
#define PB_GFP_ATOMIC	   2
#define PB_GFP_NOWAIT	   3
