// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/desc_defs.h>
#include <asm/nmi.h>

#include "emitters.h"

static void (*emit)(enum emit_context context);
static DEFINE_PER_CPU(struct task_struct *, threads);
static DEFINE_PER_CPU(struct irq_work, works);
static DEFINE_PER_CPU(bool, nmi_expected);

static void on_irq(struct irq_work *work)
{
	emit(irq);
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!this_cpu_read(nmi_expected))
		return NMI_DONE;
	this_cpu_write(nmi_expected, false);
	emit(nmi);
	return NMI_HANDLED;
}

void emitters_send_nmi(unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !cpu_online(cpu) || xchg(per_cpu_ptr(&nmi_expected, cpu), true))
		return;
#ifdef HAVE_APIC_SEND_IPI_MASK
	__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#else
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#endif
}

/* No handler is found for the exception, nor for the one that this is. */
void emitters_triple_fault(void)
{
	static const struct desc_ptr none;

	local_irq_disable();
	asm volatile("lidt %0\n\tint3" ::"m"(none));
}

/* NMIs go to the other CPU, where they come in the middle of anything. */
static int emitter(void *unused)
{
	unsigned long turn;

	for (turn = 1; !kthread_should_stop(); turn++) {
		int i;

		preempt_disable();
		for (i = 0; i < 8; i++)
			emit(task);
		irq_work_queue(this_cpu_ptr(&works));
		if (turn % 4 == 0)
			emitters_send_nmi(smp_processor_id() ^ 1);
		preempt_enable();
		if (turn % 64 == 0)
			cond_resched();
	}
	return 0;
}

void emitters_stop(void)
{
	int cpu, ms;

	for_each_possible_cpu (cpu) {
		struct task_struct *one = per_cpu(threads, cpu);

		per_cpu(threads, cpu) = NULL;
		if (one)
			kthread_stop(one);
		irq_work_sync(per_cpu_ptr(&works, cpu));
	}
	for_each_online_cpu (cpu)
		for (ms = 0; READ_ONCE(per_cpu(nmi_expected, cpu)) && ms < 1000; ms++)
			msleep(1);
	synchronize_rcu();
}

int emitters_start(void)
{
	int cpu;

	for_each_online_cpu (cpu) {
		struct task_struct *made = kthread_create_on_cpu(emitter, NULL, cpu, "emitter/%u");

		if (IS_ERR(made)) {
			emitters_stop();
			return PTR_ERR(made);
		}
		per_cpu(threads, cpu) = made;
		wake_up_process(made);
	}
	return 0;
}

int emitters_init(void (*of_driver)(enum emit_context context))
{
	int cpu;

	emit = of_driver;
	for_each_possible_cpu (cpu)
		init_irq_work(per_cpu_ptr(&works, cpu), on_irq);
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "perfbuf_test_emitters");
}

void emitters_exit(void)
{
	emitters_stop();
	unregister_nmi_handler(NMI_LOCAL, "perfbuf_test_emitters");
}
