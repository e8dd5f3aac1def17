// SPDX-License-Identifier: GPL-2.0
/* The flight recorder's node, parameters, and notifiers of a panic and an oops. */
#include "recorder.h"

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

static char *recorders;
module_param(recorders, charp, 0444);
MODULE_PARM_DESC(recorders, "recorders of sources, instead of those that their drivers request: "
			    "SOURCE=BYTES_PER_CPU[:EVENT+EVENT...],... (0: none)");

static unsigned long recorder_kib_max = 65536;
module_param(recorder_kib_max, ulong, 0644);
MODULE_PARM_DESC(recorder_kib_max, "most KiB of the rings of all recorders");

static unsigned int recorders_kept_max = 8;
module_param(recorders_kept_max, uint, 0644);
MODULE_PARM_DESC(recorders_kept_max, "most recorders that stay after their sources are gone");

static unsigned int panic_events;
module_param_named(panic_print, panic_events, uint, 0644);
MODULE_PARM_DESC(panic_print, "at a panic, print so many of the last events of all recorders");

static unsigned int oops_events;
module_param_named(oops_print, oops_events, uint, 0644);
MODULE_PARM_DESC(oops_print, "the same at an oops");

const char *pb_param_recorders(void)
{
	return recorders;
}

unsigned long pb_param_recorder_kib_max(void)
{
	return READ_ONCE(recorder_kib_max);
}

unsigned int pb_param_recorders_kept_max(void)
{
	return READ_ONCE(recorders_kept_max);
}

void pb_log_recorder(const char *source, const char *message)
{
	pr_notice("perfbuf: source '%s': %s\n", source, message);
}

void pb_log_recorded(const char *line)
{
	pr_emerg("perfbuf: %s\n", line);
}

/* ---------------------------------------------------------------- CPUs */

__u32 pb_possible_cpus(void)
{
	return num_possible_cpus();
}

__u32 pb_next_possible_cpu(__u32 from)
{
	return cpumask_next((int)from - 1, cpu_possible_mask);
}

struct call {
	void (*fn)(void *arg, __u32 cpu);
	void *arg;
	__u32 cpu;
};

static void call_here(void *of)
{
	struct call *wanted = of;

	wanted->fn(wanted->arg, wanted->cpu);
}

void pb_call_for_possible_cpus(void (*fn)(void *arg, __u32 cpu), void *arg)
{
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu (cpu) {
		struct call wanted = {fn, arg, cpu};

		/* The CPU is offline and cannot come online before the lock is released. */
		if (smp_call_function_single(cpu, call_here, &wanted, 1))
			call_here(&wanted);
	}
	cpus_read_unlock();
}

/* ---------------------------------------------------------------- the node */

static int recorders_open(struct inode *inode, struct file *filp)
{
	return perfbuf_recorders_open();
}

static ssize_t recorders_read(struct file *filp, char __user *to, size_t bytes, loff_t *position)
{
	const size_t most = min_t(size_t, bytes, PAGE_SIZE);
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	long done;

	if (!text)
		return -ENOMEM;
	done = perfbuf_recorders_read(*position, text, most);
	if (copy_to_user(to, text, done))
		done = -EFAULT;
	else
		*position += done;
	kfree(text);
	return done;
}

static long recorders_ioctl(struct file *filp, unsigned int request, unsigned long argument)
{
	return perfbuf_recorders_ioctl(request, argument);
}

static const struct file_operations recorders_ops = {
	.owner = THIS_MODULE,
	.open = recorders_open,
	.read = recorders_read,
	.llseek = default_llseek,
	.unlocked_ioctl = recorders_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = compat_ptr_ioctl,
#endif
};

/* perfbuf_recorders_open() requires CAP_PERFMON, so the permissions of the node can be those of any
 * file. */
static struct miscdevice recorders_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "perfbuf_recorders",
	.fops = &recorders_ops,
	.mode = 0666,
};

/* ---------------------------------------------------------------- panic, oops */

static int on_panic(struct notifier_block *block, unsigned long action, void *text)
{
	preempt_disable();
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, READ_ONCE(panic_events));
	preempt_enable();
	return NOTIFY_DONE;
}

static int on_die(struct notifier_block *block, unsigned long action, void *args)
{
	if (action == DIE_OOPS) {
		preempt_disable();
		perfbuf_print_recorded(PB_PRINT_AT_OOPS, READ_ONCE(oops_events));
		preempt_enable();
	}
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {.notifier_call = on_panic};
static struct notifier_block die_block = {.notifier_call = on_die};

int pb_recorder_start(void)
{
	int ret = misc_register(&recorders_device);

	if (ret)
		return ret;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	register_die_notifier(&die_block);
	return 0;
}

void pb_recorder_stop(void)
{
	unregister_die_notifier(&die_block);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	misc_deregister(&recorders_device);
}
