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
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/desc_defs.h>
#include <asm/nmi.h>

#include <perfbuf/producer.h>

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

enum { task, irq = 2, nmi, contexts };
enum { cpus = 2 };

struct kept {
	u64 stage; /* the test's */
	u64 numbers[cpus][contexts];
};

static struct kept *kept;
static u64 of_the_boot_before[cpus][contexts];

/* As long as its number says, so that records end anywhere. Preemption off. */
static void emit(unsigned int context)
{
	static const char text[] = "................";
	const unsigned int cpu = smp_processor_id();
	const u64 number = kept->numbers[cpu][context] + 1;

	perfbuf_emit(step, .number = number,
		     .check = (number * 0x9e3779b97f4a7c15ULL) ^ (cpu << 8) ^ context,
		     .context = context, .text = text + number % sizeof(text));
	WRITE_ONCE(kept->numbers[cpu][context], number);
}

static DEFINE_PER_CPU(struct task_struct *, threads);
static DEFINE_PER_CPU(struct irq_work, works);
static DEFINE_PER_CPU(bool, nmi_expected);
static bool panic_wanted, triple_wanted;

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

static void send_nmi(int cpu)
{
	if (cpu >= nr_cpu_ids || !cpu_online(cpu) || per_cpu(nmi_expected, cpu))
		return;
	per_cpu(nmi_expected, cpu) = true;
#ifdef HAVE_APIC_SEND_IPI_MASK
	__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#else
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
#endif
}

/* No handler is found for the exception, nor for the one that this is. */
static void triple_fault(void)
{
	static const struct desc_ptr none;

	local_irq_disable();
	asm volatile("lidt %0\n\tint3" ::"m"(none));
}

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
			send_nmi(smp_processor_id() ^ 1);
		if (turn > 1000 && smp_processor_id() == 1) {
			if (READ_ONCE(triple_wanted))
				triple_fault();
			if (READ_ONCE(panic_wanted))
				panic("rebootdev: a panic while all emit");
		}
		preempt_enable();
		if (turn % 64 == 0)
			cond_resched();
	}
	return 0;
}

static void stop(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct task_struct *one = per_cpu(threads, cpu);

		per_cpu(threads, cpu) = NULL;
		if (one)
			kthread_stop(one);
		irq_work_sync(per_cpu_ptr(&works, cpu));
	}
}

static int start(void)
{
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		struct task_struct *made =
			kthread_create_on_cpu(emitter, NULL, cpu, "rebootdev/%u");

		if (IS_ERR(made)) {
			stop();
			return PTR_ERR(made);
		}
		per_cpu(threads, cpu) = made;
		wake_up_process(made);
	}
	return 0;
}

static int do_command(const char *text, const struct kernel_param *param)
{
	if (sysfs_streq(text, "panic"))
		WRITE_ONCE(panic_wanted, true);
	else if (sysfs_streq(text, "triple"))
		WRITE_ONCE(triple_wanted, true);
	else if (!sysfs_streq(text, "start"))
		return -EINVAL;
	return start();
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
	int ret, cpu;

	if (num_online_cpus() < cpus)
		return -ENODEV;
	kept = memremap(kept_at, PAGE_SIZE, MEMREMAP_WB);
	if (!kept)
		return -ENXIO;
	memcpy(of_the_boot_before, kept->numbers, sizeof(of_the_boot_before));
	memset(kept->numbers, 0, sizeof(kept->numbers));
	for_each_possible_cpu (cpu)
		init_irq_work(per_cpu_ptr(&works, cpu), on_irq);
	ret = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "rebootdev");
	if (ret)
		goto unmap;
	ret = perfbuf_source_register(&rebootdev);
	if (ret)
		goto unregister_nmi;
	preempt_disable();
	emit(task);
	preempt_enable();
	return 0;

unregister_nmi:
	unregister_nmi_handler(NMI_LOCAL, "rebootdev");
unmap:
	memunmap(kept);
	return ret;
}

static void __exit reboot_exit(void)
{
	stop();
	unregister_nmi_handler(NMI_LOCAL, "rebootdev");
	perfbuf_source_unregister(&rebootdev);
	memunmap(kept);
}

module_init(reboot_init);
module_exit(reboot_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a driver whose flight recorder survives a reboot, for perfbuf's tests");
