// SPDX-License-Identifier: GPL-2.0
/*
 * Writers in task, softirq, hardirq and NMI on one CPU, as fast as they come. From
 * another CPU a thread sends it NMIs and interrupts, and reads the ring.
 */
#include "generated/config.h"
#include "nmi.h"

#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/smp.h>

#define TIMER_NS 200000

static bool writing;
static bool failed;
static unsigned long nmis_sent, irqs_sent;
static struct hrtimer timer;

static void write_in_softirq(struct tasklet_struct *tasklet)
{
	nmi_write(CONTEXT_SOFTIRQ, WRITE_PLAIN);
}

static DECLARE_TASKLET(softirq_writer, write_in_softirq);

/* The softirq then runs on the way out of this interrupt, in the middle of the task. */
static void write_in_irq(void)
{
	if (!READ_ONCE(writing))
		return;
	nmi_write(CONTEXT_IRQ, WRITE_PLAIN);
	tasklet_schedule(&softirq_writer);
}

static enum hrtimer_restart on_timer(struct hrtimer *which)
{
	if (!READ_ONCE(writing))
		return HRTIMER_NORESTART;
	write_in_irq();
	hrtimer_forward_now(which, ns_to_ktime(TIMER_NS));
	return HRTIMER_RESTART;
}

static void on_call(void *info)
{
	write_in_irq();
}

static call_single_data_t call;

static int write_in_task(void *unused)
{
	unsigned long round = 0;

	hrtimer_start(&timer, ns_to_ktime(TIMER_NS), HRTIMER_MODE_REL_PINNED_HARD);
	while (!kthread_should_stop()) {
		int refused, patience;

		preempt_disable();
		refused = nmi_write(CONTEXT_TASK, ++round % 61 ? WRITE_PLAIN : WRITE_AND_GIVE_UP);
		preempt_enable();
		/* Some air for the reader, or most records would be lost ones. */
		for (patience = 10000; refused && patience && !nmi_half_empty(); patience--)
			cpu_relax();
		if (round % 1024 == 0)
			cond_resched();
	}
	return 0;
}

static int read_and_disturb(void *unused)
{
	unsigned long handled = -1UL;
	unsigned long round = 0;

	while (!kthread_should_stop()) {
		/* One on its way is enough: a second would be the same one. */
		if (READ_ONCE(nmi_armed) &&
		    (handled != READ_ONCE(nmis_handled) || !(round % 4096))) {
			handled = READ_ONCE(nmis_handled);
			nmi_send();
			nmis_sent++;
		}
		if (++round % 4 == 0 && READ_ONCE(writing) &&
		    !smp_call_function_single_async(writer_cpu, &call))
			irqs_sent++;
		if (nmi_read(64) < 0) {
			pr_err("    # the reader found %s\n", nmi_failure());
			WRITE_ONCE(failed, true);
			break;
		}
		if (round % 1024 == 0)
			cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void flush_on_cpu(void *unused)
{
	nmi_flush();
}

/* No writer runs: the remaining records are read, the pending loss is reported and read. */
static int account(void)
{
	int ret;

	do
		ret = nmi_read(1024);
	while (ret > 0);
	if (!ret)
		smp_call_function_single(writer_cpu, flush_on_cpu, NULL, 1);
	while (!ret && (ret = nmi_read(1024)) > 0)
		ret = 0;
	if (!ret)
		ret = nmi_accounts();
	return ret;
}

static void print_counts(void)
{
	static const char *const names[CONTEXTS] = {"task", "softirq", "irq", "nmi"};
	struct nmi_counts now;
	int i;

	nmi_get_counts(&now);
	for (i = 0; i < CONTEXTS; i++)
		pr_info("    # %s: attempted %llu, received %llu, refused %llu\n", names[i],
			now.attempted[i], now.received[i], now.refused[i]);
	pr_info("    # attempted %llu = received + LOST %llu + given up %llu; %lu NMIs and %lu "
		"interrupts sent\n",
		nmi_attempted(), now.reported, now.given_up, nmis_sent, irqs_sent);
}

int nmi_storm(enum nmi_how how, unsigned long records, unsigned int seconds)
{
	const unsigned long deadline = jiffies + seconds * HZ;
	struct task_struct *writer, *other;
	int ret;

	ret = how == WRITE_PLAIN ? nmi_ring_create(RING_PAGES_MAX)
				 : nmi_aux_create(how == WRITE_AUX_PACKET);
	if (ret)
		return -ret;
	failed = false;
	nmis_sent = irqs_sent = 0;
#ifdef PB_HAVE_HRTIMER_SETUP
	hrtimer_setup(&timer, on_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer.function = on_timer;
#endif
	INIT_CSD(&call, on_call, NULL);
	WRITE_ONCE(writing, true);
	WRITE_ONCE(nmi_armed, true);
	other = kthread_create_on_cpu(read_and_disturb, NULL, other_cpu, "perfbuf_read/%u");
	writer = kthread_create_on_cpu(write_in_task, NULL, writer_cpu, "perfbuf_write/%u");
	if (IS_ERR(other) || IS_ERR(writer)) {
		ret = -ENOMEM;
		goto out;
	}
	wake_up_process(other);
	wake_up_process(writer);
	while (nmi_attempted() < records && !READ_ONCE(failed) && time_before(jiffies, deadline))
		msleep(20);
out:
	WRITE_ONCE(nmi_armed, false);
	WRITE_ONCE(writing, false);
	if (!IS_ERR(writer))
		kthread_stop(writer);
	if (!IS_ERR(other))
		kthread_stop(other);
	/* Interrupts that were sent have come, and their softirqs have run. */
	hrtimer_cancel(&timer);
	msleep(50);
	tasklet_kill(&softirq_writer);

	if (!ret && !failed && account()) {
		pr_err("    # %s\n", nmi_failure());
		failed = true;
	}
	print_counts();
	if (!ret && !failed && nmi_attempted() < records) {
		pr_err("    # only so many in %u seconds\n", seconds);
		failed = true;
	}
	nmi_ring_destroy();
	return ret ? ret : failed ? -EIO : 0;
}
