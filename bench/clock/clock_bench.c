// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the cost of a tick of a sampling timer: calls the function of a timer that is pending on
 * this CPU, as the timer's interrupt would, and reads the time stamp counter around each call.
 * Under QEMU's icount that counter counts instructions.
 *
 *   write "<function> <calls>" to /proc/clock_bench, then read: "<timers found> <fewest> <median>
 *   <most>" for a call, less what calling an empty function costs
 */
#include <generated/config.h>

#include <linux/hrtimer.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

/* Where later kernels have what was in hrtimer.h. */
#if __has_include(<linux/hrtimer_bases.h>)
#include <linux/hrtimer_bases.h>
#endif

#include <asm/irq_regs.h>
#include <asm/msr.h>

#define CALLS_MAX 256

typedef enum hrtimer_restart timer_function(struct hrtimer *timer);

static DEFINE_MUTEX(bench_mutex);
static char answer[128];
static u32 costs[CALLS_MAX];

static noinline enum hrtimer_restart empty(struct hrtimer *timer)
{
	barrier();
	return HRTIMER_RESTART;
}

/* The pending timers of a clock, the earliest first. */
#ifdef PB_HAVE_TIMERQUEUE_LINKED
typedef struct timerqueue_linked_node timer_node;
#define first_timer(base) timerqueue_linked_first(&(base)->active)
#define next_timer(node)  timerqueue_linked_next(node)
#else
typedef struct timerqueue_node timer_node;
#define first_timer(base) timerqueue_getnext(&(base)->active)
#define next_timer(node)  timerqueue_iterate_next(node)
#endif

/* Its only use is its base: this CPU's timers. */
static void init_timer(struct hrtimer *timer)
{
#ifdef PB_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, empty, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#endif
}

/* The timer of this CPU whose function has that name; the number of them in *@found. */
static struct hrtimer *find_timer(const char *function, int *found)
{
	timer_node *node;
	struct hrtimer mine, *result = NULL;
	char name[KSYM_SYMBOL_LEN];

	init_timer(&mine);
	*found = 0;
	for (node = first_timer(mine.base); node; node = next_timer(node)) {
		struct hrtimer *timer = container_of(node, struct hrtimer, node);

		snprintf(name, sizeof(name), "%ps", ACCESS_PRIVATE(timer, function));
		name[strcspn(name, " ")] = '\0';
		if (strcmp(name, function))
			continue;
		result = timer;
		++*found;
	}
	return result;
}

static u32 cost_of(timer_function *function, struct hrtimer *timer)
{
	u64 before, after;

	hrtimer_set_expires(timer, ktime_get());
	before = rdtsc();
	function(timer);
	after = rdtsc();
	return after - before;
}

static int by_cost(const void *a, const void *b)
{
	return (int)(*(const u32 *)a - *(const u32 *)b);
}

static void measure(const char *function, unsigned int calls)
{
	struct pt_regs *old;
	struct hrtimer *timer;
	unsigned long flags;
	ktime_t expires;
	unsigned int i;
	u32 nothing = 0;
	int found;

	local_irq_save(flags);
	timer = find_timer(function, &found);
	if (timer && hrtimer_try_to_cancel(timer) == 1) {
		expires = hrtimer_get_expires(timer);
		old = set_irq_regs(task_pt_regs(current));
		preempt_count_add(HARDIRQ_OFFSET);
		for (i = 0; i < 4; i++)
			nothing = cost_of(empty, timer);
		for (i = 0; i < calls; i++)
			costs[i] = cost_of(ACCESS_PRIVATE(timer, function), timer) - nothing;
		preempt_count_sub(HARDIRQ_OFFSET);
		set_irq_regs(old);
		hrtimer_start(timer, expires, HRTIMER_MODE_ABS_PINNED_HARD);
	}
	local_irq_restore(flags);

	sort(costs, calls, sizeof(costs[0]), by_cost, NULL);
	snprintf(answer, sizeof(answer), "%d %u %u %u\n", found, costs[0], costs[calls / 2],
		 costs[calls - 1]);
}

static ssize_t bench_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	char text[64] = {};
	char function[48];
	unsigned int calls;

	if (bytes >= sizeof(text) || copy_from_user(text, from, bytes))
		return -EINVAL;
	if (sscanf(text, "%47s %u", function, &calls) != 2 || !calls || calls > CALLS_MAX)
		return -EINVAL;
	mutex_lock(&bench_mutex);
	measure(function, calls);
	mutex_unlock(&bench_mutex);
	return bytes;
}

static ssize_t bench_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
	return simple_read_from_buffer(to, bytes, at, answer, strlen(answer));
}

static const struct proc_ops bench_ops = {
	.proc_write = bench_write,
	.proc_read = bench_read,
};

static int __init bench_start(void)
{
	return proc_create("clock_bench", 0600, NULL, &bench_ops) ? 0 : -ENOMEM;
}

static void __exit bench_stop(void)
{
	remove_proc_entry("clock_bench", NULL);
}

module_init(bench_start);
module_exit(bench_stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("instructions of a sampling timer's tick");
