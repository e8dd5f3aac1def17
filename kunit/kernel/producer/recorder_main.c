// SPDX-License-Identifier: GPL-2.0
/*
 * A driver with a flight recorder, for kunit/guest/recorder: a command is written to
 * /sys/module/perfbuf_test_recorder/parameters/command.
 *
 *	start		a thread on each CPU emits without a pause, from itself, in a hard irq and
 *			in an NMI, until stop
 *	stop
 *	bug		BUG() while the threads emit
 *	nmi		panic() in an NMI while the threads emit
 *	nested		bug, and panic() while its events are printed
 *	hang		a task that waits for ever, for the kernel's hung-task detector
 *	triple		a triple fault while the threads emit: the machine resets
 *	again		unregisters and registers
 *	dump		requests a devcoredump; the write's errno is the request's
 *	dump-irq	the same, in a hard irq
 *	dump-nmi	the same, in an NMI
 *	dumps		like start, and each hard irq and NMI requests a devcoredump
 *
 * Every event has a number of its CPU and context, which the driver keeps beside it. At a panic it
 * prints the last numbers it has, for the test to compare.
 */
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <perfbuf/producer.h>

#include "emitters.h"
#include "nmi.h"

#define STEP(F)                                                                                    \
	F(INT, u64, number)                                                                        \
	F(HEX, u64, check)                                                                         \
	F(ENUM, u8, context, {0, "task"}, {2, "irq"}, {3, "nmi"})
PERFBUF_EVENT(step, STEP)

#define SIZED(F)                                                                                   \
	F(INT, u64, number)                                                                        \
	F(HEX, u64, check)                                                                         \
	F(ENUM, u8, context, {0, "task"}, {2, "irq"}, {3, "nmi"})                                  \
	F(STRING, text)                                                                            \
	F(BYTES, filling)
PERFBUF_EVENT(sized, SIZED)

static struct perfbuf_event *const events[] = {&step_event, &sized_event};

static struct perfbuf_source recdev = {
	.name = "recdev",
	.description = "a driver with a flight recorder",
	.events = events,
	.event_count = ARRAY_SIZE(events),
};

static unsigned int bytes_per_cpu = 64 << 10;
module_param(bytes_per_cpu, uint, 0444);
static char *name = "recdev";
module_param(name, charp, 0444);
static char *recorded;
module_param(recorded, charp, 0444);
static bool dump_at_exit;
module_param(dump_at_exit, bool, 0644);
static bool fail;
module_param(fail, bool, 0444);

static struct device *device;

static DEFINE_PER_CPU(u64, numbers[contexts]);
static const u8 zeros[64];

/* Odd numbers are sized events. Preemption off. */
static void emit_one(enum emit_context context)
{
	const unsigned int cpu = smp_processor_id();
	const u64 number = this_cpu_read(numbers[context]) + 1;
	const u64 check = check_of(number, cpu, context);

	if (number & 1)
		perfbuf_emit(sized, .number = number, .check = check, .context = context,
			     .text = "sized", .filling = {zeros, number % sizeof(zeros)});
	else
		perfbuf_emit(step, .number = number, .check = check, .context = context);
	this_cpu_write(numbers[context], number);
}

/* ---------------------------------------------------------------- emitting contexts */

static bool panic_in_nmi, bug_wanted, nested_wanted, triple_wanted, dumps_wanted;

/* Of requests from everywhere: how many were taken, and how many failed as they may. */
static atomic_t dumps_taken, dumps_refused, dumps_wrong;

static void request_dump(void)
{
	switch (perfbuf_recorder_dump(&recdev, device)) {
	case 0:
		atomic_inc(&dumps_taken);
		break;
	case -EBUSY:
	case -ENODEV:
	case -ENOENT:
		atomic_inc(&dumps_refused);
		break;
	default:
		atomic_inc(&dumps_wrong);
	}
}

/* The one request of dump-irq or dump-nmi. */
static DECLARE_COMPLETION(requested);
static int request_result;
static bool request_in_nmi;

static void request_once(struct irq_work *work)
{
	request_result = perfbuf_recorder_dump(&recdev, device);
	complete(&requested);
}

static struct irq_work request_work;
static struct irq_work complete_work;

static void complete_request(struct irq_work *work)
{
	complete(&requested);
}

/* After this many events of a context on a CPU bug, triple and nmi end the machine. */
enum { last_task = 8000, last_nmi = 200 };

/* The CPU that is about to end the machine: it emits nothing more, not even in an NMI. */
static int ending_cpu = -1;

/* The numbers of this CPU, and its end. */
static void print_and_triple_fault(void)
{
	/* The other CPU goes on. */
	if (cmpxchg(&ending_cpu, -1, smp_processor_id()) != -1)
		return;
	pr_emerg("recdev: cpu %d task %llu irq %llu nmi %llu\n", smp_processor_id(),
		 this_cpu_read(numbers[task]), this_cpu_read(numbers[irq]),
		 this_cpu_read(numbers[nmi]));
	/* Newer kernels print by a thread, which an interrupt of this CPU wakes on the other. */
	mdelay(1000);
	local_irq_disable();
	test_triple_fault();
}

/* The work of an emitter: an event, and the request of a command. */
static void emit(enum emit_context context)
{
	if (READ_ONCE(ending_cpu) == smp_processor_id())
		return;
	emit_one(context);
	if (context == task) {
		if (READ_ONCE(bug_wanted) && this_cpu_read(numbers[task]) > last_task)
			BUG();
		if (READ_ONCE(triple_wanted) && this_cpu_read(numbers[task]) > last_task)
			print_and_triple_fault();
		return;
	}
	if (READ_ONCE(dumps_wanted))
		request_dump();
	if (context != nmi)
		return;
	if (READ_ONCE(request_in_nmi)) {
		WRITE_ONCE(request_in_nmi, false);
		request_result = perfbuf_recorder_dump(&recdev, device);
		irq_work_queue(&complete_work);
	}
	if (READ_ONCE(panic_in_nmi) && this_cpu_read(numbers[nmi]) > last_nmi)
		panic("recdev: a panic in an NMI");
}

/* ---------------------------------------------------------------- a panic within an oops */

/* Called while perfbuf prints at an oops, on the CPU that prints or on one that does it for it. */
static void write_console(struct console *unused, const char *text, unsigned int bytes)
{
	if (READ_ONCE(nested_wanted) && strnstr(text, "events of all recorders", bytes)) {
		WRITE_ONCE(nested_wanted, false);
		panic("recdev: a panic while an oops prints");
	}
}

static struct console nested_console = {
	.name = "recdev", .write = write_console, .flags = CON_ENABLED, .index = -1};

/* ---------------------------------------------------------------- commands */

static DECLARE_COMPLETION(never);

static int hang(void *unused)
{
	preempt_disable();
	emit_one(task);
	preempt_enable();
	wait_for_completion(&never);
	return 0;
}

static int register_source(void)
{
	recdev.name = name;
	recdev.recorder.bytes_per_cpu = bytes_per_cpu;
	recdev.recorder.events = recorded;
	return perfbuf_source_register(&recdev);
}

/* The result of a request in an interrupt, or in an NMI. */
static int dump_elsewhere(bool in_nmi)
{
	reinit_completion(&requested);
	if (in_nmi) {
		WRITE_ONCE(request_in_nmi, true);
		preempt_disable();
		test_nmi_send(smp_processor_id());
		preempt_enable();
	} else {
		irq_work_queue(&request_work);
	}
	return wait_for_completion_timeout(&requested, 10 * HZ) ? request_result : -ETIMEDOUT;
}

static int do_command(const char *text, const struct kernel_param *param)
{
	struct task_struct *made;

	if (sysfs_streq(text, "dump"))
		return perfbuf_recorder_dump(&recdev, device);
	if (sysfs_streq(text, "dump-irq"))
		return dump_elsewhere(false);
	if (sysfs_streq(text, "dump-nmi"))
		return dump_elsewhere(true);
	if (sysfs_streq(text, "stop")) {
		WRITE_ONCE(dumps_wanted, false);
		emitters_stop();
		return 0;
	}
	if (sysfs_streq(text, "again")) {
		perfbuf_source_unregister(&recdev);
		return register_source();
	}
	if (sysfs_streq(text, "hang")) {
		made = kthread_run(hang, NULL, "recdev-hang");
		return PTR_ERR_OR_ZERO(made);
	}
	if (sysfs_streq(text, "dumps"))
		WRITE_ONCE(dumps_wanted, true);
	else if (sysfs_streq(text, "triple"))
		WRITE_ONCE(triple_wanted, true);
	else if (sysfs_streq(text, "bug"))
		WRITE_ONCE(bug_wanted, true);
	else if (sysfs_streq(text, "nested")) {
		register_console(&nested_console);
		WRITE_ONCE(nested_wanted, true);
		WRITE_ONCE(bug_wanted, true);
	} else if (sysfs_streq(text, "nmi"))
		WRITE_ONCE(panic_in_nmi, true);
	else if (!sysfs_streq(text, "start"))
		return -EINVAL;
	return emitters_start();
}

static const struct kernel_param_ops command_ops = {.set = do_command};
module_param_cb(command, &command_ops, NULL, 0200);

static int get_numbers(char *to, const struct kernel_param *param)
{
	int cpu, bytes = 0;

	for_each_online_cpu (cpu)
		bytes += scnprintf(to + bytes, PAGE_SIZE - bytes, "%d %llu %llu %llu\n", cpu,
				   per_cpu(numbers[task], cpu), per_cpu(numbers[irq], cpu),
				   per_cpu(numbers[nmi], cpu));
	return bytes;
}

static const struct kernel_param_ops numbers_ops = {.get = get_numbers};
module_param_cb(numbers, &numbers_ops, NULL, 0400);

static int get_dumps(char *to, const struct kernel_param *param)
{
	return scnprintf(to, PAGE_SIZE, "%d %d %d\n", atomic_read(&dumps_taken),
			 atomic_read(&dumps_refused), atomic_read(&dumps_wrong));
}

static const struct kernel_param_ops dumps_ops = {.get = get_dumps};
module_param_cb(dumps, &dumps_ops, NULL, 0400);

/* Before perfbuf's notifier. */
static int on_panic(struct notifier_block *block, unsigned long action, void *text)
{
	int cpu;

	for_each_online_cpu (cpu)
		pr_emerg("recdev: cpu %d task %llu irq %llu nmi %llu\n", cpu,
			 per_cpu(numbers[task], cpu), per_cpu(numbers[irq], cpu),
			 per_cpu(numbers[nmi], cpu));
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {.notifier_call = on_panic, .priority = 100};

static int __init recorder_init(void)
{
	int ret;

	init_irq_work(&request_work, request_once);
	init_irq_work(&complete_work, complete_request);
	device = root_device_register("recdev");
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = emitters_init(emit);
	if (ret)
		goto no_device;
	ret = register_source();
	if (ret)
		goto no_emitters;
	/* Before user space can have opened anything. */
	preempt_disable();
	emit_one(task);
	preempt_enable();
	if (fail) {
		ret = -EIO;
		goto no_source;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;

no_source:
	perfbuf_source_unregister(&recdev);
no_emitters:
	emitters_exit();
no_device:
	root_device_unregister(device);
	return ret;
}

static void __exit recorder_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	emitters_exit();
	irq_work_sync(&request_work);
	irq_work_sync(&complete_work);
	/* It is pending when the source goes. */
	if (dump_at_exit)
		perfbuf_recorder_dump(&recdev, device);
	perfbuf_source_unregister(&recdev);
	root_device_unregister(device);
}

module_init(recorder_init);
module_exit(recorder_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a driver with a flight recorder, for perfbuf's tests");
