// SPDX-License-Identifier: GPL-2.0
/* Sends real NMIs to CPUs, for the test source. */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/desc_defs.h>
#include <asm/nmi.h>

#include "nmi.h"

static void (*on_nmi)(void);
static DEFINE_PER_CPU(bool, expected);

static int handle(unsigned int type, struct pt_regs *regs)
{
	if (!this_cpu_read(expected))
		return NMI_DONE;
	this_cpu_write(expected, false);
	on_nmi();
	return NMI_HANDLED;
}

void test_nmi_send(unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !cpu_online(cpu) || xchg(per_cpu_ptr(&expected, cpu), true))
		return;
#ifdef HAVE_APIC_SEND_IPI_MASK
	__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#else
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#endif
}

void test_nmi_wait(void)
{
	int cpu, ms;

	for_each_online_cpu (cpu) {
		for (ms = 0; READ_ONCE(per_cpu(expected, cpu)) && ms < 1000; ms++)
			msleep(1);
		/* The machine has lost it. */
		per_cpu(expected, cpu) = false;
	}
	/* A handler may have begun. */
	synchronize_rcu();
}

int test_nmi_init(void (*handler)(void))
{
	on_nmi = handler;
	return register_nmi_handler(NMI_LOCAL, handle, 0, THIS_MODULE->name);
}

void test_nmi_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, THIS_MODULE->name);
}

/* No handler is found for the exception, nor for the one that this is. */
void test_triple_fault(void)
{
	static const struct desc_ptr none;

	local_irq_disable();
	asm volatile("lidt %0\n\tint3" ::"m"(none));
}
