// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest source: one event, each second. Copy this directory, and change the name of the
 * source, the fields of the event, and where it is emitted.
 *
 *	perfbuf record -e mydev:tick -a sleep 5 && perf script
 */
#include <linux/module.h>
#include <linux/timer.h>

#include <perfbuf/producer.h>

#define TICK(F)                                                                                    \
	F(INT, u64, count)                                                                         \
	F(STRING, message)
PERFBUF_EVENT(tick, TICK)

static struct perfbuf_event *const events[] = {&tick_event};

static struct perfbuf_source mydev = {
	.name = "mydev",
	.description = "a tick each second",
	.events = events,
	.event_count = ARRAY_SIZE(events),
};

static struct timer_list timer;
static u64 count;

static void on_timer(struct timer_list *unused)
{
	perfbuf_emit(tick, .count = count++, .message = "it is time");
	mod_timer(&timer, jiffies + HZ);
}

static int __init mydev_init(void)
{
	int ret = perfbuf_source_register(&mydev);

	if (ret)
		return ret;
	timer_setup(&timer, on_timer, 0);
	mod_timer(&timer, jiffies + HZ);
	return 0;
}

static void __exit mydev_exit(void)
{
	/* First stop all emissions, then unregister the source. */
	timer_delete_sync(&timer);
	perfbuf_source_unregister(&mydev);
}

module_init(mydev_init);
module_exit(mydev_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a source for perfbuf to begin with");
