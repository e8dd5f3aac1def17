// SPDX-License-Identifier: GPL-2.0
/*
 * The events of perfbuf_test_source.ko, and from where it emits them: tasks, softirqs, irqs and
 * NMIs, one of them inside the other.
 */
#include "fields.h"
#include "nmi.h"
#include "source.h"

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/smp.h>

PERFBUF_EVENT(all, TEST_ALL)
PERFBUF_EVENT(counted, TEST_COUNTED)
PERFBUF_EVENT(fixed, TEST_FIXED)
PERFBUF_EVENT(group, TEST_GROUP)
PERFBUF_RAW_EVENT(dump)

struct perfbuf_event *const test_events[TEST_EVENTS] = {&all_event,   &counted_event, &fixed_event,
							&group_event, &dump_event,    &kinds_event};

void emit_all(int edge)
{
	static const u16 lanes[2][4] = {{0, 1, 2, 3}, {0xffff, 0x8000, 1, 0}};
	static const s64 wide[2][2] = {{0, 1}, {S64_MIN, S64_MAX}};
	static const u8 blob[3] = {0, 0x7f, 0xff};

	switch (edge) {
	case 0: /* nothing is said */
		perfbuf_emit(all);
		break;
	case 1: /* the largest */
		perfbuf_emit(all, .a_u8 = U8_MAX, .a_u16 = U16_MAX, .a_u32 = U32_MAX,
			     .a_u64 = U64_MAX, .a_s8 = S8_MAX, .a_s16 = S16_MAX, .a_s32 = S32_MAX,
			     .a_s64 = S64_MAX, .address = U64_MAX, .when = U64_MAX,
			     .flags = 0x80000003, .state = 1, .lanes = lanes[1], .wide = wide[1],
			     .name = "exactly fifteen and more", .message = "message",
			     .blob = {blob, sizeof(blob)}, .tail = "tail");
		break;
	default: /* the smallest */
		perfbuf_emit(all, .a_s8 = S8_MIN, .a_s16 = S16_MIN, .a_s32 = S32_MIN,
			     .a_s64 = S64_MIN, .state = -1, .lanes = lanes[0], .wide = wide[0],
			     .name = "", .message = "", .tail = "");
	}
}

static unsigned long numbers[4];
module_param_array(numbers, ulong, NULL, 0444);

static const u8 zeros[64];

static unsigned long grouped[4];
module_param_array(grouped, ulong, NULL, 0444);

void emit_group(u32 context, u32 count)
{
	const u64 first = grouped[context];

	grouped[context] += count;
	perfbuf_emit_burst(group, count, i, .context = context, .number = first + i, .index = i,
			   .count = count);
}

/* Emits one of each event that counts. All calls are on one CPU, so a context is interrupted only
 * by a higher one, and its counts need no lock. */
void emit_counted(u32 context)
{
	const u64 number = numbers[context]++;

	perfbuf_emit(counted, .context = context, .number = number,
		     .filling = {zeros, number % sizeof(zeros)});
	perfbuf_emit(fixed, .context = context, .number = number, .last = number);
	emit_group(context, number % 16 + 1);
}

static void on_softirq(struct tasklet_struct *tasklet)
{
	emit_counted(1);
}

static DECLARE_TASKLET(softirq, on_softirq);

static void on_irq(struct irq_work *work)
{
	emit_counted(2);
	tasklet_schedule(&softirq);
}

static struct irq_work irq = IRQ_WORK_INIT_HARD(on_irq);

static void on_nmi(void)
{
	emit_counted(3);
}

/* A thread of another CPU sends the NMIs, so that they arrive at any instruction of this one. */
static bool nmis_wanted;

static int send_nmis(void *unused)
{
	while (!kthread_should_stop()) {
		preempt_disable();
		if (READ_ONCE(nmis_wanted))
			test_nmi_send(0);
		preempt_enable();
		udelay(20);
		cond_resched();
	}
	return 0;
}

/*
 * Waits until an NMI has emitted. The limit is as long as a busy host may keep the guest's other
 * CPU from running, and no longer: nothing else runs on this CPU meanwhile, and the other one may
 * need its tick before it can run the sender. It is one of time: where one thread emulates both
 * CPUs, each pause of a delay hands it to the other CPU for as long as that likes.
 */
static bool wait_for_nmi(void)
{
	const unsigned long before = READ_ONCE(numbers[3]);
	const u64 end = ktime_get_mono_fast_ns() + 200 * NSEC_PER_MSEC;

	while (READ_ONCE(numbers[3]) == before && ktime_get_mono_fast_ns() < end)
		udelay(1);
	return READ_ONCE(numbers[3]) != before;
}

/* Emits a burst of 4, and waits for an NMI in the middle. Returns whether one came; always false if
 * the event has no reader. */
static bool emit_interrupted_group(void)
{
	const u64 first = grouped[0];
	bool came = false;

	grouped[0] += 4;
	perfbuf_emit_burst(group, 4, i, .context = 0, .number = first + i, .index = i,
			   .count = (came |= i == 2 && wait_for_nmi(), 4));
	return came;
}

/*
 * emit_counted(0) that waits for an NMI in the middle of a record of the fixed event and of a
 * burst, if they have readers. Returns whether one came.
 */
static bool emit_interrupted(void)
{
	struct {
		struct perfbuf_emission emission;
		struct fixed_record spare;
	} e;
	const u64 number = numbers[0]++;
	struct fixed_record *to;
	bool came = false, open = false;

	perfbuf_emit(counted, .context = 0, .number = number,
		     .filling = {zeros, number % sizeof(zeros)});
	for (to = perfbuf_fixed_emit(&e.emission, &fixed_event); to;
	     to = perfbuf_fixed_next(&e.emission)) {
		to->context = 0;
		to->number = number;
		came |= wait_for_nmi();
		to->last = number;
		open = true;
	}
	came |= emit_interrupted_group();
	return open || perfbuf_enabled(group) ? came : wait_for_nmi();
}

/*
 * Calls emit_interrupted() until an NMI came @times times. False: the sender did not run. No NMI is
 * sent while one is on its way, and the machine may lose it.
 */
static bool emit_until_interrupted(int times)
{
	int tries;

	for (tries = 0; times && tries < 100; tries++) {
		WRITE_ONCE(nmis_wanted, true);
		if (emit_interrupted()) {
			times--;
			continue;
		}
		WRITE_ONCE(nmis_wanted, false);
		test_nmi_wait();
	}
	return !times;
}

/*
 * Emits @rounds times from a task, a softirq and an irq of CPU 0, while another CPU sends NMIs; and
 * before that until ten NMIs came in the middle of an emission. 0 or a negative errno.
 */
long storm(void *rounds)
{
	struct task_struct *sender = kthread_create(send_nmis, NULL, "perfbuf_nmis");
	unsigned long i;
	bool nested;

	if (IS_ERR(sender))
		return PTR_ERR(sender);
	/* Not on CPU 0, where it would run only between emissions. */
	kthread_bind(sender, cpumask_any_but(cpu_online_mask, 0));
	wake_up_process(sender);
	nested = emit_until_interrupted(10);
	for (i = 0; i < (unsigned long)rounds; i++) {
		irq_work_queue(&irq);
		emit_counted(0);
		irq_work_sync(&irq);
		cond_resched();
	}
	kthread_stop(sender);
	test_nmi_wait();
	WRITE_ONCE(nmis_wanted, false);
	tasklet_kill(&softirq);
	return nested ? 0 : -ETIME;
}

/* Emits the raw event in each way: copied in several steps (also too much, and too little),
 * discarded, and reserved. */
void emit_dump(unsigned int bytes)
{
	struct perfbuf_emission e;
	char *spare = kmalloc(bytes + 1, GFP_KERNEL);
	char *data;
	bool more;

	if (!spare)
		return;
	memset(spare, 'x', bytes);
	if (perfbuf_enabled(dump)) {
		for (more = perfbuf_begin(&e, &dump_event, bytes); more; more = perfbuf_next(&e)) {
			perfbuf_copy(&e, spare, bytes / 2);
			perfbuf_copy(&e, spare, bytes); /* all but the half is too much */
		}
		for (more = perfbuf_begin(&e, &dump_event, bytes); more; more = perfbuf_next(&e))
			perfbuf_discard(&e);
		for (more = perfbuf_begin(&e, &dump_event, bytes); more; more = perfbuf_next(&e))
			perfbuf_copy(&e, spare, bytes / 2); /* the rest is zeros */
		for (data = perfbuf_reserve(&e, &dump_event, bytes, spare); data;
		     data = perfbuf_reserve_next(&e))
			memset(data, 'r', bytes);
	}
	kfree(spare);
}

/* Emits an event while a record of the same event is open: the inner emission is counted as lost.
 */
void emit_recursively(void)
{
	struct perfbuf_emission outer, inner;
	bool more, within;

	for (more = perfbuf_begin(&outer, &dump_event, 8); more; more = perfbuf_next(&outer)) {
		perfbuf_copy(&outer, "outermos", 8);
		for (within = perfbuf_begin(&inner, &dump_event, 8); within;
		     within = perfbuf_next(&inner))
			perfbuf_copy(&inner, "innermos", 8);
	}
}

/* The same for an event of a fixed size, by the steps of its macro. */
void emit_fixed_recursively(void)
{
	struct {
		struct perfbuf_emission emission;
		struct fixed_record spare;
	} outer, inner;
	struct fixed_record *to, *within;

	for (to = perfbuf_fixed_emit(&outer.emission, &fixed_event); to;
	     to = perfbuf_fixed_next(&outer.emission)) {
		to->number = 1;
		for (within = perfbuf_fixed_emit(&inner.emission, &fixed_event); within;
		     within = perfbuf_fixed_next(&inner.emission))
			within->number = 2;
	}
}

static struct task_struct *streamer;

static int stream(void *unused)
{
	while (!kthread_should_stop()) {
		emit_counted(0);
		/* Otherwise a grace period of RCU tasks, as for a function trace, would not end. */
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}

int start_stream(void)
{
	struct task_struct *made;

	if (streamer)
		return -EINVAL;
	made = kthread_run(stream, NULL, "perfbuf_stream");
	if (IS_ERR(made))
		return PTR_ERR(made);
	streamer = made;
	return 0;
}

void stop_stream(void)
{
	if (streamer)
		kthread_stop(streamer);
	streamer = NULL;
}

void emit_restart(void)
{
	memset(numbers, 0, sizeof(numbers));
	memset(grouped, 0, sizeof(grouped));
}

int emitter_init(void)
{
	return test_nmi_init(on_nmi);
}

void emitter_exit(void)
{
	irq_work_sync(&irq);
	tasklet_kill(&softirq);
	test_nmi_exit();
}
