// SPDX-License-Identifier: GPL-2.0
/* Calls a function of the test source from threads, interrupts and NMIs on every CPU. */
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "emitters.h"
#include "nmi.h"

static void (*emit)(enum emit_context context);
static DEFINE_PER_CPU(struct task_struct *, threads);
static DEFINE_PER_CPU(struct irq_work, works);

static void on_irq(struct irq_work *work)
{
	emit(irq);
}

static void on_nmi(void)
{
	emit(nmi);
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
			test_nmi_send(smp_processor_id() ^ 1);
		preempt_enable();
		if (turn % 64 == 0)
			cond_resched();
	}
	return 0;
}

void emitters_stop(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct task_struct *thread = per_cpu(threads, cpu);

		per_cpu(threads, cpu) = NULL;
		if (thread)
			kthread_stop(thread);
		irq_work_sync(per_cpu_ptr(&works, cpu));
	}
	test_nmi_wait();
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
	return test_nmi_init(on_nmi);
}

void emitters_exit(void)
{
	emitters_stop();
	test_nmi_exit();
}
