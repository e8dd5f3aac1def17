// SPDX-License-Identifier: GPL-2.0
/* Counters of the kernel's perf events. */
#include "pmu.h"

#include "arch.h"
#include "generated/config.h"

#include <linux/err.h>
#include <linux/hw_breakpoint.h>
#include <linux/irqflags.h>
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/smp.h>

/* Software events come with interrupts on. */
static void overflowed(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	struct pb_overflow overflow = {
		.regs = regs,
		.ip = instruction_pointer(regs),
		.address = data->sample_flags & PERF_SAMPLE_ADDR ? data->addr : 0,
		.period = data->period,
		.is_user = user_mode(regs),
	};
	unsigned long flags;

	/* A tracepoint's raw data is one fragment. */
	if (event->attr.type == PERF_TYPE_TRACEPOINT && event->attr.sample_type & PERF_SAMPLE_RAW &&
	    data->raw) {
		overflow.raw = data->raw->frag.data;
		overflow.raw_bytes = data->raw->frag.size;
	}
	local_irq_save(flags);
	overflow.cpu = smp_processor_id();
	perfbuf_counter_overflowed(event->overflow_handler_context, &overflow);
	local_irq_restore(flags);
}

/* Sends what send_sig_perf() sends, which is not exported. Hard irq. */
void pb_send_trap(__u64 address, __u32 type, __u64 data)
{
	struct kernel_siginfo info;

	if (current->flags & PF_EXITING)
		return;
	clear_siginfo(&info);
	info.si_signo = SIGTRAP;
	info.si_code = TRAP_PERF;
	info.si_addr = (void __user *)(unsigned long)address;
	info.si_perf_type = type;
	info.si_perf_data = data;
#ifdef TRAP_PERF_FLAG_ASYNC
	info.si_perf_flags = sigismember(&current->blocked, SIGTRAP) ? TRAP_PERF_FLAG_ASYNC : 0;
#endif
	send_sig_info(SIGTRAP, &info, current);
}

int pb_breakpoints_go_on(void)
{
	return PB_ARCH_STEPS_OVER_BREAKPOINTS;
}

int pb_can_send_traps(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT);
}

int pb_counter_create(const struct perf_event_attr *attr, int cpu, pb_task *target, void *owner,
		      pb_counter **made)
{
	struct perf_event_attr wanted = *attr;
	struct perf_event *event =
		perf_event_create_kernel_counter(&wanted, cpu, target, overflowed, owner);

	if (IS_ERR(event))
		return PTR_ERR(event);
	*made = event;
	return 0;
}

void pb_counter_release(pb_counter *counter)
{
	perf_event_release_kernel(counter);
	/* Software events and tracepoints look their counters up with preemption off. */
	synchronize_rcu();
}

void pb_counter_enable(pb_counter *counter)
{
	perf_event_enable(counter);
}

__u64 pb_counter_read(pb_counter *counter, __u64 *running_ns)
{
	u64 enabled;

	return perf_event_read_value(counter, &enabled, running_ns);
}

/* The offset that perf adds to its clock for the time of a context that runs. */
static u64 clock_offset(const struct perf_event *event)
{
#ifdef PB_HAVE_PERF_TIME_CTX
	return READ_ONCE(event->ctx->time.offset);
#else
	return READ_ONCE(event->ctx->timeoffset);
#endif
}

/*
 * An NMI may read what perf itself reads there: software events, and the PMU of the CPU. PMUs
 * outside of the CPU take locks. Decided here, because only C sees the members of struct
 * perf_event.
 */
static bool can_read_here(const struct perf_event *event)
{
	return READ_ONCE(event->oncpu) == smp_processor_id() &&
	       event->state == PERF_EVENT_STATE_ACTIVE &&
	       (!in_nmi() || event->pmu->task_ctx_nr != perf_invalid_context);
}

__u64 pb_counter_read_here(pb_counter *counter, __u64 *running_ns)
{
	*running_ns =
		counter->total_time_running + atomic64_read(&counter->child_total_time_running);
	if (can_read_here(counter)) {
		counter->pmu->read(counter);
		*running_ns += local_clock() + clock_offset(counter) - counter->tstamp;
	}
	return local64_read(&counter->count) + atomic64_read(&counter->child_count);
}

int pb_counter_move(pb_counter *counter, __u64 address, __u64 bytes, __u32 type)
{
	struct perf_event_attr to = counter->attr;

	to.bp_addr = address;
	to.bp_len = bytes;
	to.bp_type = type;
	return modify_user_hw_breakpoint(counter, &to);
}

int pb_counter_set_period(pb_counter *counter, __u64 value)
{
	return perf_event_period(counter, value);
}
