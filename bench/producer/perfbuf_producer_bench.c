// SPDX-License-Identifier: GPL-2.0
/* Counts the instructions of a typed event of 64 bytes. See scripts/bench-producer. */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <asm/tsc.h>

#include <perfbuf/producer.h>

#define BENCH_64(F)                                                                                \
	F(INT, u64, a)                                                                             \
	F(INT, u64, b)                                                                             \
	F(INT, u64, c)                                                                             \
	F(INT, u64, d)                                                                             \
	F(INT, u64, e)                                                                             \
	F(INT, u64, f)                                                                             \
	F(INT, u64, g)
PERFBUF_EVENT(bench_64, BENCH_64)

static struct perfbuf_event *const events[] = {&bench_64_event};

static struct perfbuf_source source = {
	.name = "bench",
	.description = "an event of 64 bytes, as often as requested",
	.events = events,
	.event_count = ARRAY_SIZE(events),
};

/* Of all that was written; the loop without the event. */
static unsigned long ticks, loop_ticks;
module_param(ticks, ulong, 0444);
module_param(loop_ticks, ulong, 0444);

static int run(const char *text, const struct kernel_param *parameter)
{
	unsigned long n, i, flags;
	u64 before;
	int ret = kstrtoul(text, 0, &n);

	if (ret)
		return ret;
	local_irq_save(flags);
	before = rdtsc_ordered();
	for (i = 0; i < n; i++)
		barrier();
	loop_ticks = rdtsc_ordered() - before;
	before = rdtsc_ordered();
	for (i = 0; i < n; i++) {
		barrier();
		perfbuf_emit(bench_64, .a = i, .b = 2, .c = 3, .d = 4, .e = 5, .f = 6, .g = 7);
	}
	ticks = rdtsc_ordered() - before;
	local_irq_restore(flags);
	return 0;
}

static const struct kernel_param_ops run_ops = {.set = run};

module_param_cb(run, &run_ops, NULL, 0200);

static int __init bench_init(void)
{
	return perfbuf_source_register(&source);
}

static void __exit bench_exit(void)
{
	perfbuf_source_unregister(&source);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the cost of a typed event");
