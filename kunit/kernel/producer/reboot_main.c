// SPDX-License-Identifier: GPL-2.0
/*
 * A driver whose flight recorder survives a warm reboot, for kunit/guest/recorder: a command is
 * written to /sys/module/perfbuf_test_reboot/parameters/command.
 *
 *	start	a thread on each CPU emits without a pause, from itself, in a hard irq and in an NMI
 *	panic	panic() on CPU 1 while the threads emit
 *	triple	a triple fault on CPU 1 while the threads emit
 *
 * Every event has a number of its CPU and context. The driver stores the last of them in a page
 * at the physical address kept_at, which survives the reboot as well: in the next boot the
 * parameter kept shows them.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <perfbuf/producer.h>

#include "emitters.h"
#include "nmi.h"

#define STEP(F)                                                                                    \
	F(INT, u64, number)                                                                        \
	F(HEX, u64, check)                                                                         \
	F(ENUM, u8, context, {0, "task"}, {2, "irq"}, {3, "nmi"})                                  \
	F(STRING, text)
PERFBUF_EVENT(step, STEP)

static struct perfbuf_event *const events[] = {&step_event};

static struct perfbuf_source rebootdev = {
	.name = "rebootdev",
	.description = "a driver whose flight recorder survives a reboot",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.recorder = {.bytes_per_cpu = 64 << 10},
};

static unsigned long kept_at;
module_param(kept_at, ulong, 0444);

enum { cpus = 2 };

struct kept {
	u64 stage; /* the test's */
	u64 numbers[cpus][contexts];
};

static struct kept *kept;
static u64 of_the_boot_before[cpus][contexts];

static bool panic_wanted, triple_wanted;

/* After this many events of its thread CPU 1 ends the boot. */
enum { last_task = 8000 };

/* As long as its number says, so that records end anywhere. Preemption off. */
static void emit(enum emit_context context)
{
	static const char text[] = "................";
	const unsigned int cpu = smp_processor_id();
	const u64 number = kept->numbers[cpu][context] + 1;

	perfbuf_emit(step, .number = number, .check = check_of(number, cpu, context),
		     .context = context, .text = text + number % sizeof(text));
	WRITE_ONCE(kept->numbers[cpu][context], number);
	if (cpu != 1 || context != task || number <= last_task)
		return;
	if (READ_ONCE(triple_wanted))
		test_triple_fault();
	if (READ_ONCE(panic_wanted))
		panic("rebootdev: a panic while all emit");
}

static int do_command(const char *text, const struct kernel_param *param)
{
	if (sysfs_streq(text, "panic"))
		WRITE_ONCE(panic_wanted, true);
	else if (sysfs_streq(text, "triple"))
		WRITE_ONCE(triple_wanted, true);
	else if (!sysfs_streq(text, "start"))
		return -EINVAL;
	return emitters_start();
}

static const struct kernel_param_ops command_ops = {.set = do_command};
module_param_cb(command, &command_ops, NULL, 0200);

static int get_kept(char *to, const struct kernel_param *param)
{
	int cpu, n = 0;

	for (cpu = 0; cpu < cpus; cpu++)
		n += sysfs_emit_at(to, n, "cpu %d task %llu irq %llu nmi %llu\n", cpu,
				   of_the_boot_before[cpu][task], of_the_boot_before[cpu][irq],
				   of_the_boot_before[cpu][nmi]);
	return n;
}

static const struct kernel_param_ops kept_ops = {.get = get_kept};
module_param_cb(kept, &kept_ops, NULL, 0444);

/* 0 in the first boot; then what the test has stored. */
static int set_stage(const char *text, const struct kernel_param *param)
{
	return kstrtou64(text, 0, &kept->stage);
}

static int get_stage(char *to, const struct kernel_param *param)
{
	return sysfs_emit(to, "%llu\n", kept->stage);
}

static const struct kernel_param_ops stage_ops = {.set = set_stage, .get = get_stage};
module_param_cb(stage, &stage_ops, NULL, 0644);

static int __init reboot_init(void)
{
	int ret;

	if (num_online_cpus() != cpus || !cpu_online(cpus - 1))
		return -ENODEV;
	kept = memremap(kept_at, PAGE_SIZE, MEMREMAP_WB);
	if (!kept)
		return -ENXIO;
	memcpy(of_the_boot_before, kept->numbers, sizeof(of_the_boot_before));
	memset(kept->numbers, 0, sizeof(kept->numbers));
	ret = emitters_init(emit);
	if (ret)
		goto unmap;
	ret = perfbuf_source_register(&rebootdev);
	if (ret)
		goto no_emitters;
	preempt_disable();
	emit(task);
	preempt_enable();
	return 0;

no_emitters:
	emitters_exit();
unmap:
	memunmap(kept);
	return ret;
}

static void __exit reboot_exit(void)
{
	emitters_exit();
	perfbuf_source_unregister(&rebootdev);
	memunmap(kept);
}

module_init(reboot_init);
module_exit(reboot_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a driver whose flight recorder survives a reboot, for perfbuf's tests");
