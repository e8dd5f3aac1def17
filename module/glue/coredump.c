// SPDX-License-Identifier: GPL-2.0
/* Devcoredumps of recorders, for module/recorder/dump.cpp. */
#include "coredump.h"

#include <linux/devcoredump.h>
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/kconfig.h>
#include <linux/moduleparam.h>
#include <linux/vmalloc.h>

static unsigned int recorder_dump_seconds = 10;
module_param(recorder_dump_seconds, uint, 0644);
MODULE_PARM_DESC(recorder_dump_seconds, "at most one devcoredump of a source's recorder in so many "
					"seconds (0: no limit)");

unsigned int pb_param_recorder_dump_seconds(void)
{
	return READ_ONCE(recorder_dump_seconds);
}

int pb_can_coredump(void)
{
	return IS_ENABLED(CONFIG_DEV_COREDUMP);
}

/* ---------------------------------------------------------------- from any context */

static void queue_dump(struct irq_work *irq)
{
	schedule_work(&container_of(irq, struct pb_dump_work, irq)->work);
}

static void run_dump(struct work_struct *work)
{
	struct pb_dump_work *dump = container_of(work, struct pb_dump_work, work);

	dump->run(dump);
}

void pb_dump_work_init(void *work, void (*run)(void *work))
{
	struct pb_dump_work *dump = work;

	init_irq_work(&dump->irq, queue_dump);
	INIT_WORK(&dump->work, run_dump);
	dump->run = run;
}

void pb_dump_work_raise(void *work)
{
	irq_work_queue(&((struct pb_dump_work *)work)->irq);
}

void pb_dump_work_sync(void *work)
{
	struct pb_dump_work *dump = work;

	irq_work_sync(&dump->irq);
	flush_work(&dump->work);
}

void pb_device_get(void *device)
{
	get_device(device);
}

void pb_device_put(void *device)
{
	put_device(device);
}

/* ---------------------------------------------------------------- the dump */

void *pb_dump_memory(unsigned long bytes)
{
	return vmalloc(bytes);
}

void pb_device_coredump(void *device, void *memory, unsigned long bytes)
{
	dev_coredumpv(device, memory, bytes, GFP_KERNEL);
}
