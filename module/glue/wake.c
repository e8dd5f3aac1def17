// SPDX-License-Identifier: GPL-2.0
/* irq_work, by which an NMI wakes a reader; and the interrupt that orders what a reader sees. */
#include "ring/pages.h"

#include "arch.h"
#include "wake.h"

static void irq_work_run_cxx(struct irq_work *work)
{
	struct pb_irq_work *irq = container_of(work, struct pb_irq_work, work);

	irq->run(irq);
}

void pb_irq_work_init(void *work, void (*run)(void *work))
{
	struct pb_irq_work *irq = work;

	init_irq_work(&irq->work, irq_work_run_cxx);
	irq->run = run;
}

void pb_irq_work_raise(void *work)
{
	irq_work_queue(&((struct pb_irq_work *)work)->work);
}

void pb_irq_work_sync(void *work)
{
	irq_work_sync(&((struct pb_irq_work *)work)->work);
}

int pb_order_stores(int cpu)
{
	int ret;

	/* The caller's accesses before the interrupt, and those behind it: as membarrier(2) does.
	 */
	smp_mb();
	ret = pb_arch_order_stores(cpu);
	smp_mb();
	return ret;
}
