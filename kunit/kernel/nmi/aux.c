// SPDX-License-Identifier: GPL-2.0
/*
 * Drops the mapping's reference to an AUX area while an NMI on another CPU is in a transaction,
 * which holds the last reference: the area must not be freed in the NMI.
 */
#include "nmi.h"

#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/workqueue.h>

#define ROUNDS 300

/* Runs on the other CPU, by work_on_cpu(). */
static long drop_rounds(void *unused)
{
	unsigned int round, spins;
	int ret;

	for (round = 0; round < ROUNDS; round++) {
		ret = nmi_last_prepare();
		if (ret)
			return -ret;
		/*
		 * The NMI waits for us, and its CPU may hold any lock: an interrupt here
		 * could wait for that lock.
		 */
		local_irq_disable();
		for (spins = 0; !nmi_last_is_inside(); spins++) {
			if (!(spins % 100000))
				nmi_send();
			cpu_relax();
		}
		ret = nmi_last_drop();
		local_irq_enable();
		if (!ret) {
			pr_err("    # in round %u the NMI could not write, or not what it wrote\n",
			       round);
			return -EIO;
		}
		cond_resched();
	}
	return 0;
}

int nmi_last_reference(void)
{
	unsigned int patience = 6000;
	int ret = work_on_cpu(other_cpu, drop_rounds, NULL);

	/* The areas are freed later, in process context. */
	while (nmi_areas_left() && --patience)
		msleep(10);
	if (ret)
		return ret;
	if (nmi_areas_left()) {
		pr_err("    # %llu areas were not freed\n", nmi_areas_left());
		return -EIO;
	}
	pr_info("    # the last reference of %d areas was dropped in an NMI\n", ROUNDS);
	return 0;
}
