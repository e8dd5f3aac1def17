/* SPDX-License-Identifier: GPL-2.0 */
/* Stands for the file that kbuild makes of module/glue/offsets.c: the sizes of the host's objects. */
#ifndef PERFBUF_OFFSETS_H
#define PERFBUF_OFFSETS_H

/* The model makes rings of small pages, so that a few records go around. */
#ifdef PERFBUF_HOST_PAGE_SHIFT
#define PB_PAGE_SHIFT PERFBUF_HOST_PAGE_SHIFT
#else
#define PB_PAGE_SHIFT 12
#endif
/* One variant of the tests is built as for an architecture that needs it. */
#ifndef PB_USE_VMALLOC
#define PB_USE_VMALLOC 0
#endif
#define PB_NR_CPUS	 8
#define PB_PAGE_ORDER_MAX 10
#define PB_TASK_COMM_LEN 16

#define PB_SIZEOF_MUTEX	    48
#define PB_SIZEOF_SPINLOCK  4
#define PB_SIZEOF_IRQ_WORK  24
#define PB_SIZEOF_WAITQUEUE 24
#define PB_SIZEOF_RCU_WORK  24
#define PB_SIZEOF_TIMER	    64
#define PB_SIZEOF_REFCOUNT  4

#define PB_GFP_KERNEL 1
#define PB_GFP_ATOMIC 2
#define PB_GFP_NOWAIT 3

#endif /* PERFBUF_OFFSETS_H */
