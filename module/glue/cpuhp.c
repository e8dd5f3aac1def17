// SPDX-License-Identifier: GPL-2.0
/* CPU hotplug. The callbacks run in a thread on the CPU itself, while it can run everything. */
#include "cpuhp.h"

#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>

static enum cpuhp_state cpuhp_state;

static int on_online(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_cpu_online(cpu);
	local_irq_restore(flags);
	return 0;
}

static int on_offline(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_cpu_offline(cpu);
	local_irq_restore(flags);
	return 0;
}

int pb_cpuhp_attach(void)
{
	int ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "perfbuf:online", on_online, on_offline);

	if (ret < 0)
		return ret;
	cpuhp_state = ret;
	return 0;
}

void pb_cpuhp_detach(void)
{
	cpuhp_remove_state(cpuhp_state);
}
