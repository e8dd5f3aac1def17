// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU's counter (x86: the time stamp counter; arm64: the generic timer's) as the kernel's
 * clock.
 *
 * The kernel publishes the exact parameters in one place: perf_event_update_userpage(), which is
 * exported for the drivers of PMUs, writes time_mult, time_shift and time_zero to the user page of
 * an event's ring, and clears cap_user_time_zero where the counter is not the clock. An event of
 * ours has no ring. For the length of the call it has a stand-in: the function reads one member of
 * struct perf_buffer, user_page, so each word of the stand-in is the address of our page. The event
 * is a disabled dummy to which only this file has a pointer: no overflow, output or mmap reaches
 * its ring.
 */
#include "tsc.h"

#include "generated/config.h"
#include "local_clock.h"

#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "arch_counter.h"

struct pb_tsc_clock pb_tsc_clock;
DEFINE_STATIC_KEY_FALSE(pb_tsc_is_clock);

static bool tsc_clock = true;
module_param(tsc_clock, bool, 0644);
MODULE_PARM_DESC(tsc_clock,
		 "compute the time of records from the CPU's counter where that is exactly "
		 "local_clock(), and offer its parameters to readers (default: yes)");

static int refuse_setting(const char *value, const struct kernel_param *of)
{
	return -EPERM;
}

static int show_is_on(char *to, const struct kernel_param *of)
{
	return scnprintf(to, PAGE_SIZE, "%c\n", static_key_enabled(&pb_tsc_is_clock) ? 'Y' : 'N');
}

static const struct kernel_param_ops is_on_ops = {.set = refuse_setting, .get = show_is_on};
module_param_cb(tsc_clock_is_on, &is_on_ops, NULL, 0444);
MODULE_PARM_DESC(tsc_clock_is_on, "whether it does so now (to be read)");

static struct perf_event *event;
static struct perf_event_mmap_page *page;
static void **stand_in;
static enum cpuhp_state cpuhp_state;
static void run_check(struct work_struct *work);
static DECLARE_DELAYED_WORK(check_work, run_check);
static void run_check_all(struct work_struct *work);
static DECLARE_WORK(check_all_work, run_check_all);

struct reading {
	struct pb_tsc_parameters parameters;
	int is_there;
};

/* On the CPU, interrupts off. */
static void read_here(void *to)
{
	struct reading *found = to;

	memset(page, 0, sizeof(*page));
	rcu_assign_pointer(event->rb, (struct perf_buffer *)stand_in);
	perf_event_update_userpage(event);
	rcu_assign_pointer(event->rb, NULL);
	found->is_there = page->cap_user_time && page->cap_user_time_zero;
	found->parameters = (struct pb_tsc_parameters){
		.zero = page->time_zero,
		.mult = page->time_mult,
		.shift = page->time_shift,
		.cycles = page->cap_user_time_short ? page->time_cycles : 0,
		.mask = page->cap_user_time_short ? page->time_mask : 0,
	};
}

/* -ENXIO: the CPU is offline. */
static int call_on(int cpu, smp_call_func_t fn, void *argument)
{
	unsigned long flags;

	if (cpu >= 0)
		return smp_call_function_single(cpu, fn, argument, 1);
	local_irq_save(flags);
	fn(argument);
	local_irq_restore(flags);
	return 0;
}

int pb_tsc_read_parameters(int cpu, struct pb_tsc_parameters *out)
{
	struct reading found = {};

	if (!event || call_on(cpu, read_here, &found))
		return 0;
	*out = found.parameters;
	return found.is_there;
}

struct readings {
	struct pb_tsc_reading *to;
	unsigned int count;
};

/* On the CPU, interrupts off. */
static void read_counter_here(void *argument)
{
	const struct readings *wanted = argument;
	unsigned int i;

	for (i = 0; i < wanted->count; i++) {
		struct pb_tsc_reading *reading = &wanted->to[i];

		reading->before = local_clock();
		reading->ticks = pb_arch_counter();
		reading->after = local_clock();
	}
}

int pb_tsc_read_counter(int cpu, struct pb_tsc_reading *out, unsigned int count)
{
	struct readings wanted = {.to = out, .count = count};

	return call_on(cpu, read_counter_here, &wanted);
}

unsigned int pb_tsc_counter_error_ns(void)
{
	return PB_ARCH_COUNTER_ERROR_NS;
}

void pb_tsc_clock_off(void)
{
	static_branch_disable(&pb_tsc_is_clock);
	/* Readers have preemption off: none of them is between two of the parameters any more. */
	synchronize_rcu();
}

void pb_tsc_clock_on(const struct pb_tsc_parameters *parameters)
{
	pb_tsc_clock.multiplier = (u64)parameters->mult << (32 - parameters->shift);
	pb_tsc_clock.zero = parameters->zero;
	static_branch_enable(&pb_tsc_is_clock);
}

int pb_tsc_frequency_is_known(void)
{
	return pb_arch_counter_frequency_is_known();
}

__u64 pb_tsc_uptime_ns(void)
{
	return ktime_get_boottime_ns();
}

int pb_param_tsc_clock(void)
{
	return READ_ONCE(tsc_clock);
}

static void run_check(struct work_struct *work)
{
	perfbuf_tsc_check(0);
}

static void run_check_all(struct work_struct *work)
{
	perfbuf_tsc_check(1);
}

#ifdef PB_HAVE_SYSTEM_PERCPU_WQ
#define check_queue system_percpu_wq
#else
#define check_queue system_wq
#endif

void pb_tsc_check_after(unsigned int ms)
{
	mod_delayed_work(check_queue, &check_work, msecs_to_jiffies(ms));
}

/* The check does not run here, because it takes the lock of CPU hotplug inside its own lock. */
static int on_online(unsigned int cpu)
{
	schedule_work(&check_all_work);
	return 0;
}

static int on_power(struct notifier_block *self, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		perfbuf_tsc_suspend(1);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		perfbuf_tsc_suspend(0);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = {.notifier_call = on_power};

/* Software events do not overflow while they are disabled. */
static void overflowed(struct perf_event *of, struct perf_sample_data *data, struct pt_regs *regs)
{
}

static int make_event(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
	};
	struct perf_event *made = perf_event_create_kernel_counter(&attr, raw_smp_processor_id(),
								   NULL, overflowed, NULL);

	if (IS_ERR(made))
		return PTR_ERR(made);
	event = made;
	return 0;
}

static void free_pages_of_event(void)
{
	free_page((unsigned long)page);
	free_page((unsigned long)stand_in);
}

void pb_tsc_start(void)
{
	int ret;

	page = (void *)get_zeroed_page(GFP_KERNEL);
	stand_in = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page || !stand_in)
		goto free;
	memset64((u64 *)stand_in, (u64)page, PAGE_SIZE / sizeof(u64));
	if (register_pm_notifier(&power_notifier))
		goto free;
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "perfbuf:clock", on_online, NULL);
	if (ret < 0)
		goto unregister;
	cpuhp_state = ret;
	if (make_event())
		goto remove;
	pb_tsc_check_after(0);
	return;

remove:
	cpuhp_remove_state_nocalls(cpuhp_state);
unregister:
	unregister_pm_notifier(&power_notifier);
free:
	free_pages_of_event();
	pr_info("perfbuf: no event for the clock's parameters: times come from local_clock()\n");
}

void pb_tsc_stop(void)
{
	if (event) {
		cpuhp_remove_state_nocalls(cpuhp_state);
		unregister_pm_notifier(&power_notifier);
	}
	cancel_work_sync(&check_all_work);
	cancel_delayed_work_sync(&check_work);
	if (!event)
		return;
	perf_event_release_kernel(event);
	event = NULL;
	/* perf may have found the stand-in until now. */
	synchronize_rcu();
	free_pages_of_event();
}
