// SPDX-License-Identifier: GPL-2.0
/*
 * A source whose module fails in its init, for kunit/guest/producer/init_test.cpp:
 *
 *	fail=unregister	init registers it, waits until a file of it is open, unregisters
 *			it and fails
 *	fail=node	its node is there, and a file of it is open, when the last step of
 *			registering it fails
 *
 * In both cases the kernel frees this module, even if there are references to it. If no file was
 * opened in time, init fails with ETIME.
 */
#include <linux/delay.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <perfbuf/producer.h>

static char *fail = "";
module_param(fail, charp, 0);
/* ms that it takes a file to be opened, and then to be used; at most. */
static unsigned int patience = 30000;
module_param(patience, uint, 0);

#define HAPPENED(F) F(INT, u64, number)
PERFBUF_EVENT(happened, HAPPENED)

static struct perfbuf_event *const events[] = {&happened_event};

static int nothing(struct perfbuf_source *source)
{
	return 0;
}

static void nothing_more(struct perfbuf_source *source)
{
}

static const struct perfbuf_source_ops ops = {.start = nothing, .stop = nothing_more};

static struct perfbuf_source initdev = {
	.name = "initdev",
	.description = "of a module whose init fails",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.mode = 0600,
	.ops = &ops,
};

/* The kernel holds one reference during init. */
static bool is_open(void)
{
	return module_refcount(THIS_MODULE) > 1;
}

static int fail_after_registration(void)
{
	unsigned int tries;
	int ret;

	ret = perfbuf_source_register(&initdev);
	if (ret)
		return ret;
	for (tries = 0; !is_open() && tries < patience / 10; tries++)
		msleep(10);
	perfbuf_emit(happened, .number = tries);
	/* The reader has time to configure and to map the file. */
	msleep(min(patience, 3000U));
	perfbuf_emit(happened, .number = tries);
	ret = is_open() ? -EIO : -ETIME;
	perfbuf_source_unregister(&initdev);
	return ret;
}

/* ---------------------------------------------------------------- the last step fails */

static struct task_struct *registering;
static bool was_open;

static noinline notrace struct kobject *no_kobject(void)
{
	return NULL;
}

/* The directory of the events in sysfs: the node is in devtmpfs by now. Preemption is off. */
static int refuse_events(struct kprobe *probe, struct pt_regs *regs)
{
	const u64 end = ktime_get_mono_fast_ns() + min(patience, 5000U) * NSEC_PER_MSEC;

	if (current != registering ||
	    strcmp((const char *)regs_get_kernel_argument(regs, 0), "events"))
		return 0;
	while (!is_open() && ktime_get_mono_fast_ns() < end)
		udelay(5);
	was_open = is_open();
	instruction_pointer_set(regs, (unsigned long)no_kobject);
	return 1;
}

static int fail_while_registering(void)
{
	static struct kprobe probe = {.symbol_name = "kobject_create_and_add",
				      .pre_handler = refuse_events};
	int ret = register_kprobe(&probe);

	if (ret)
		return ret;
	registering = current;
	ret = perfbuf_source_register(&initdev);
	registering = NULL;
	unregister_kprobe(&probe);
	if (!ret) {
		perfbuf_source_unregister(&initdev);
		return -ERANGE;
	}
	return was_open ? ret : -ETIME;
}

static int __init test_init(void)
{
	if (!strcmp(fail, "unregister"))
		return fail_after_registration();
	if (!strcmp(fail, "node"))
		return fail_while_registering();
	return -EINVAL;
}

module_init(test_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a source whose module's init fails, for the tests of perfbuf");
