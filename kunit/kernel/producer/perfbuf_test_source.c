// SPDX-License-Identifier: GPL-2.0
/*
 * A source that does as it is told, for kunit/guest/producer: a command is
 * written to /sys/module/perfbuf_test_source/parameters/command, and fails with
 * what the command made of it. /dev/perfbuf/testdev is there from the start.
 */
#include "fields.h"

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/nmi.h>

#include <perfbuf/producer.h>

PERFBUF_EVENT(all, TEST_ALL)
PERFBUF_EVENT(counted, TEST_COUNTED)
PERFBUF_EVENT(fixed, TEST_FIXED)
PERFBUF_EVENT(group, TEST_GROUP)
PERFBUF_RAW_EVENT(dump)

static struct perfbuf_event *const events[] = {&all_event, &counted_event, &fixed_event,
					       &group_event, &dump_event};

static int start_answer;
static unsigned int starts, stops;
module_param(starts, uint, 0444);
module_param(stops, uint, 0444);

static int test_start(struct perfbuf_source *source)
{
	if (start_answer)
		return start_answer;
	starts++;
	return 0;
}

static void test_stop(struct perfbuf_source *source)
{
	stops++;
}

static const struct perfbuf_source_ops ops = {.start = test_start, .stop = test_stop};

static struct perfbuf_source testdev = {
	.name = "testdev",
	.description = "what the tests want",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.mode = 0640,
	.ops = &ops,
};

/* ---------------------------------------------------------------- emissions */

static void emit_all(int edge)
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

static void emit_group(u32 context, u32 count)
{
	const u64 first = grouped[context];

	grouped[context] += count;
	perfbuf_emit_burst(group, count, i, .context = context, .number = first + i, .index = i,
			   .count = count);
}

/* On one CPU; a context interrupts only those below it. */
static void emit_counted(u32 context)
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
static bool nmi_expected;

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!READ_ONCE(nmi_expected))
		return NMI_DONE;
	WRITE_ONCE(nmi_expected, false);
	emit_counted(3);
	return NMI_HANDLED;
}

static void send_nmi(int cpu)
{
#ifdef HAVE_APIC_SEND_IPI_MASK
	__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#else
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#endif
}

/* From another CPU, so that they come in the middle of anything. */
static bool nmis_wanted;

static int send_nmis(void *unused)
{
	while (!kthread_should_stop()) {
		if (READ_ONCE(nmis_wanted) && !READ_ONCE(nmi_expected)) {
			WRITE_ONCE(nmi_expected, true);
			send_nmi(0);
		}
		udelay(20);
		cond_resched();
	}
	return 0;
}

/*
 * As long as a busy host may leave the other CPU out, and no longer: nothing else runs here, and
 * there others may need a tick of this CPU to make place for the sender.
 */
static bool wait_for_nmi(void)
{
	const unsigned long before = READ_ONCE(numbers[3]);
	int tries;

	for (tries = 0; READ_ONCE(numbers[3]) == before && tries < 100000; tries++)
		udelay(1);
	return READ_ONCE(numbers[3]) != before;
}

/* A burst of 4. Whether an NMI came while it was stored, if the event has a reader. */
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
 * As emit_counted(0). Whether an NMI came: in the middle of a record of the fixed event, or of a
 * burst, if they have readers.
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

/* False: the sender did not run, though it could. */
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
		msleep(1);
	}
	return !times;
}

/*
 * @rounds from each context on CPU 0, nested as they come; NMIs as many as there are, and some in
 * any case.
 */
static long storm(void *rounds)
{
	struct task_struct *sender = kthread_create(send_nmis, NULL, "perfbuf_nmis");
	unsigned long i;
	bool nested;

	if (IS_ERR(sender))
		return PTR_ERR(sender);
	/* On CPU 0 it would run only where nothing is emitted. */
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
	/* One may be on its way. */
	for (i = 0; READ_ONCE(nmi_expected) && i < 1000; i++)
		msleep(1);
	WRITE_ONCE(nmi_expected, false);
	WRITE_ONCE(nmis_wanted, false);
	tasklet_kill(&softirq);
	return nested ? 0 : -ETIME;
}

/* In pieces: what is copied, what is given up, what is reserved. */
static void emit_dump(unsigned int bytes)
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

/* What an emission emits within its own record is dropped, and counted. */
static void emit_recursively(void)
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

/* The same of an event of a fixed size, as the macro does it. */
static void emit_fixed_recursively(void)
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

/* ---------------------------------------------------------------- sources that are wrong */

#define TEST_EMPTY(F)
PERFBUF_EVENT(spare, TEST_EMPTY)

static int try_source(const char *name, const char *description, struct perfbuf_event *const *of,
		      unsigned int count)
{
	static struct perfbuf_source wrong;
	int ret;

	wrong = (struct perfbuf_source){
		.name = name, .description = description, .events = of, .event_count = count};
	ret = perfbuf_source_register(&wrong);
	if (!ret)
		perfbuf_source_unregister(&wrong);
	return ret;
}

static struct perfbuf_field wrong_field;
static u32 wrong_bytes;

static void describe_wrong(struct perfbuf_layout *out)
{
	*out = (struct perfbuf_layout){&wrong_field, 1, wrong_bytes};
}

static int try_field(struct perfbuf_field field, u32 bytes)
{
	static struct perfbuf_event event;
	static struct perfbuf_event *const only[] = {&event};

	event = (struct perfbuf_event){.listened = STATIC_KEY_FALSE_INIT,
				       .name = "wrong",
				       .describe = describe_wrong,
				       .bytes = bytes};
	wrong_field = field;
	wrong_bytes = bytes;
	return try_source("wrong", "wrong", only, 1);
}

static int bad(unsigned int which)
{
	static struct perfbuf_event *const twice[] = {&spare_event, &spare_event};
	static struct perfbuf_event *const taken[] = {&all_event};
	static struct perfbuf_event *const none[] = {NULL};
	static struct perfbuf_event dashed;
	static struct perfbuf_event *const with_dash[] = {&dashed};
	const struct perfbuf_field good = {
		.type = "u32", .name = "field", .offset = 8, .bytes = 4, .elements = 1};
	struct perfbuf_field one = good;

	dashed = spare_event;
	dashed.name = "a-b";
	switch (which) {
	case 0:
		return try_source("testdev", "the name of another", NULL, 0);
	case 1:
		return perfbuf_source_register(&testdev);
	case 2:
		return try_source("a/b", "a path", NULL, 0);
	case 3:
		return try_source("", "no name", NULL, 0);
	case 4:
		return try_source("..", "a directory", NULL, 0);
	case 5:
		return try_source(NULL, "no name", NULL, 0);
	case 6:
		return try_source("a234567890123456789012345678901x", "32 characters", NULL, 0);
	case 7:
		return try_source("nodesc", NULL, NULL, 0);
	case 8:
		return try_source("twice", "an event twice", twice, 2);
	case 9:
		return try_source("taken", "an event of another", taken, 1);
	case 10:
		return try_source("none", "an event that is not", none, 1);
	case 11:
		return try_source("dash", "an event that perf could not name", with_dash, 1);
	case 12:
		return perfbuf_source_register_abi(&testdev, THIS_MODULE, PERFBUF_ABI + 1);
	case 13: /* a field too long */
		one.bytes = one.elements = PERFBUF_FIXED_MAX;
		one.kind = PERFBUF_KIND_CHARS;
		return try_field(one, 8 + PERFBUF_FIXED_MAX);
	case 14:
		one.type = "float";
		return try_field(one, 12);
	case 15:
		one.name = "common_pid";
		return try_field(one, 12);
	case 16:
		one.name = "with space";
		return try_field(one, 12);
	case 17: /* over the end */
		return try_field(one, 11);
	case 18: /* among the common fields */
		one.offset = 4;
		return try_field(one, 12);
	case 19:
		one.kind = PERFBUF_KIND_ENUM;
		return try_field(one, 12);
	case 20:
		one.kind = 99;
		return try_field(one, 12);
	case 21: /* a type that is not as large */
		one.type = "u64";
		return try_field(one, 12);
	case 22: /* and one that is good */
		return try_field(good, 12);
	case 23:
		return try_source("again", "the spare event", twice, 1);
	case 24:
		return try_source("a23456789012345678901234567890x", "31 characters", NULL, 0);
	}
	return -ENOENT;
}

/* Registers sources until one is refused, and takes all back. Returns what refused it. */
static int crowd(void)
{
	struct crowded {
		struct perfbuf_source source;
		char name[16];
	} * all;
	const int most = 300;
	int made, ret = 0;

	all = kcalloc(most, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	for (made = 0; made < most; made++) {
		snprintf(all[made].name, sizeof(all[made].name), "crowd%d", made);
		all[made].source.name = all[made].name;
		all[made].source.description = "one of many";
		ret = perfbuf_source_register(&all[made].source);
		if (ret)
			break;
	}
	while (made--)
		perfbuf_source_unregister(&all[made].source);
	kfree(all);
	return ret;
}

/* ---------------------------------------------------------------- commands */

static int do_command(const char *text, const struct kernel_param *parameter)
{
	char verb[20];
	long number = 0;
	long i;

	if (sscanf(text, "%19s %ld", verb, &number) < 1)
		return -EINVAL;
	if (!strcmp(verb, "register"))
		return perfbuf_source_register(&testdev);
	/* The bits of PERFBUF_CONTEXT_*: from where it says that it emits. */
	if (!strcmp(verb, "contexts")) {
		perfbuf_source_unregister(&testdev);
		testdev.contexts = number;
		i = perfbuf_source_register(&testdev);
		testdev.contexts = 0;
		return i;
	}
	if (!strcmp(verb, "unregister")) {
		perfbuf_source_unregister(&testdev);
		return 0;
	}
	if (!strcmp(verb, "start_answer")) {
		start_answer = number;
		return 0;
	}
	if (!strcmp(verb, "all")) {
		emit_all(number);
		return 0;
	}
	if (!strcmp(verb, "counted")) {
		for (i = 0; i < number; i++)
			emit_counted(0);
		return 0;
	}
	if (!strcmp(verb, "group")) {
		emit_group(0, number);
		return 0;
	}
	if (!strcmp(verb, "irqs_off")) {
		local_irq_disable();
		emit_counted(0);
		local_irq_enable();
		return 0;
	}
	if (!strcmp(verb, "restart")) {
		memset(numbers, 0, sizeof(numbers));
		memset(grouped, 0, sizeof(grouped));
		return 0;
	}
	if (!strcmp(verb, "storm"))
		return work_on_cpu(0, storm, (void *)number);
	if (!strcmp(verb, "dump")) {
		emit_dump(number);
		return 0;
	}
	if (!strcmp(verb, "recursion")) {
		emit_recursively();
		return 0;
	}
	if (!strcmp(verb, "fixed_recursion")) {
		emit_fixed_recursively();
		return 0;
	}
	if (!strcmp(verb, "bad"))
		return bad(number);
	if (!strcmp(verb, "crowd"))
		return crowd();
	if (!strcmp(verb, "stream") && number && !streamer) {
		streamer = kthread_run(stream, NULL, "perfbuf_stream");
		if (IS_ERR(streamer)) {
			i = PTR_ERR(streamer);
			streamer = NULL;
			return i;
		}
		return 0;
	}
	if (!strcmp(verb, "stream") && !number && streamer) {
		kthread_stop(streamer);
		streamer = NULL;
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops command_ops = {.set = do_command};

module_param_cb(command, &command_ops, NULL, 0200);

static int __init test_init(void)
{
	int ret = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "perfbuf_test");

	if (ret)
		return ret;
	ret = perfbuf_source_register(&testdev);
	if (ret)
		unregister_nmi_handler(NMI_LOCAL, "perfbuf_test");
	return ret;
}

static void __exit test_exit(void)
{
	if (streamer)
		kthread_stop(streamer);
	perfbuf_source_unregister(&testdev);
	irq_work_sync(&irq);
	tasklet_kill(&softirq);
	unregister_nmi_handler(NMI_LOCAL, "perfbuf_test");
}

module_init(test_init);
module_exit(test_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a source for the tests of perfbuf");
