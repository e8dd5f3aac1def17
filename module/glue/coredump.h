/* SPDX-License-Identifier: GPL-2.0 */
/* Devcoredumps, and the work that leads from any context to where one can be made. */
#ifndef PERFBUF_GLUE_COREDUMP_H
#define PERFBUF_GLUE_COREDUMP_H

#include "ring/pages.h"

#ifdef __cplusplus
extern "C" {
#else
#include <linux/irq_work.h>
#include <linux/workqueue.h>

/* An irq_work that queues a work. */
struct pb_dump_work {
	struct irq_work irq;
	struct work_struct work;
	void (*run)(void *work);
};
#endif

/* Whether the kernel has CONFIG_DEV_COREDUMP. Any context. */
int pb_can_coredump(void) PB_NOEXCEPT;

/*
 * @work is PB_SIZEOF_DUMP_WORK bytes; @run is called in process context after a raise. Raising: any
 * context, NMI included; raised again before it ran, it runs once. Syncing: process context,
 * sleeps; on return it neither runs nor waits to.
 */
void pb_dump_work_init(void *work, void (*run)(void *work)) PB_NOEXCEPT;
void pb_dump_work_raise(void *work) PB_NOEXCEPT;
void pb_dump_work_sync(void *work) PB_NOEXCEPT;

/* A reference to a struct device. get: any context; put: process context. */
void pb_device_get(void *device) PB_NOEXCEPT;
void pb_device_put(void *device) PB_NOEXCEPT;

/* Memory for a devcoredump, whole or NULL; the dump frees it. Process context, may sleep. */
void *pb_dump_memory(unsigned long bytes) PB_NOEXCEPT;
void pb_device_coredump(void *device, void *memory, unsigned long bytes) PB_NOEXCEPT;

/* Module parameter: one dump of a source in so many seconds. Any context. */
unsigned int pb_param_recorder_dump_seconds(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_COREDUMP_H */
