// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that loses an interrupt on purpose, and has a flight recorder that shows it: requests
 * are submitted and completed, one is never completed, and the watchdog finds that the device
 * hangs. The watchdog then requests a devcoredump of the recorder. With crash=1 it also panics, so
 * that the last events are on the console (perfbuf's parameter panic_print=).
 *
 *	perfbuf dump hang
 *	perfbuf recover /sys/class/devcoredump/devcd1/data
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include <perfbuf/producer.h>

#define REQUEST(F)                                                                                 \
	F(INT, u32, request)                                                                       \
	F(ENUM, u8, operation, {0, "read"}, {1, "write"}, {2, "flush"})                            \
	F(HEX, u32, sector)
PERFBUF_EVENT(submit, REQUEST)

#define DONE(F)                                                                                    \
	F(INT, u32, request)                                                                       \
	F(FLAGS, u8, status, {1, "ok"}, {2, "late"})
PERFBUF_EVENT(done, DONE)

#define HUNG(F)                                                                                    \
	F(INT, u32, waiting)                                                                       \
	F(STRING, reason)
PERFBUF_EVENT(hung, HUNG)

static struct perfbuf_event *const events[] = {&submit_event, &done_event, &hung_event};

static struct perfbuf_source hang = {
	.name = "hang",
	.description = "a device that stops to answer",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	/* The recorder records from perfbuf_source_register() on, without a reader. */
	.recorder = {.bytes_per_cpu = 16 << 10},
};

static bool crash;
module_param(crash, bool, 0444);
static unsigned int after = 100;
module_param(after, uint, 0444);
MODULE_PARM_DESC(after, "the request that is never completed");

static struct device *device;
static struct timer_list interrupt;
static struct delayed_work watchdog;
static u32 submitted, completed;

/* The device's interrupt: it completes a request, and submits the next one. */
static void on_interrupt(struct timer_list *unused)
{
	if (submitted) {
		completed = submitted;
		perfbuf_emit(done, .request = completed, .status = 1);
	}
	submitted++;
	perfbuf_emit(submit, .request = submitted, .operation = submitted % 3,
		     .sector = submitted * 8);
	/* The lost interrupt: the timer is not started again. */
	if (submitted == after)
		return;
	mod_timer(&interrupt, jiffies + 1);
}

/* Runs each second in process context; finds that no request was completed since the last time. */
static void on_watchdog(struct work_struct *unused)
{
	static u32 seen;

	if (completed != seen || !submitted) {
		seen = completed;
		schedule_delayed_work(&watchdog, HZ);
		return;
	}
	perfbuf_emit(hung, .waiting = submitted, .reason = "no interrupt for a second");
	pr_err("hang: request %u is not completed\n", submitted);
	/* perfbuf_recorder_dump() works in any context, so also in a driver's timeout handler. It
	 * fails on a kernel without devcoredumps. */
	if (!perfbuf_recorder_dump(&hang, device))
		pr_err("hang: see /sys/class/devcoredump for what happened before\n");
	if (crash)
		panic("hang: the device does not answer");
}

static int __init hang_init(void)
{
	int ret;

	device = root_device_register("hang");
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = perfbuf_source_register(&hang);
	if (ret) {
		root_device_unregister(device);
		return ret;
	}
	timer_setup(&interrupt, on_interrupt, 0);
	INIT_DELAYED_WORK(&watchdog, on_watchdog);
	mod_timer(&interrupt, jiffies + 1);
	schedule_delayed_work(&watchdog, HZ);
	return 0;
}

static void __exit hang_exit(void)
{
	cancel_delayed_work_sync(&watchdog);
	timer_delete_sync(&interrupt);
	/* The recorded events stay readable: perfbuf dump hang. */
	perfbuf_source_unregister(&hang);
	root_device_unregister(device);
}

module_init(hang_init);
module_exit(hang_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a driver that hangs, and its flight recorder");
