// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that other modules call for each occurrence of an event. A function here turns
 * interrupts off, reads the values that only kernel headers can read (preempt count, task, clock),
 * and makes one tail call into module/producer. The choice between layouts in perfbuf_fixed_emit()
 * is C++'s, followed here for the measured path: docs/architecture.md.
 */
#include "local_clock.h"
#include "percpu.h"
#include "producer.h"

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <perfbuf/producer.h>

#include "arch.h"

/* ftrace's, of enum trace_flag_type, which is not in a header. */
#define FLAG_IRQS_OFF 0x01
#define FLAG_HARDIRQ  0x08
#define FLAG_SOFTIRQ  0x10
#define FLAG_NMI      0x40

/* The bits of the preempt count that are 0 in a task. */
#define NO_TASK (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)

/* The first word of struct perfbuf_common in a task; @flags: of the interrupts as they were. */
static __always_inline u32 common_word(const struct pb_event_cpu *here, unsigned long flags)
{
	static_assert(PREEMPT_MASK == 0xff);
	static_assert(FLAG_IRQS_OFF << 16 == PB_COMMON_IRQS_OFF);
	return (here->common ^ pb_arch_irqs_on(flags, PB_COMMON_IRQS_OFF)) | (u32)preempt_count()
										     << 24;
}

/* The context flags of that word, 0 in a task. */
static __always_inline u32 context_flags(unsigned int count)
{
	u32 context = 0;

	if (count & NMI_MASK)
		context |= FLAG_NMI;
	if (count & HARDIRQ_MASK)
		context |= FLAG_HARDIRQ;
	if (count & SOFTIRQ_OFFSET)
		context |= FLAG_SOFTIRQ;
	return context << 16;
}

/* The context as C++ numbers it: enum nesting. */
static __always_inline u32 level_of(unsigned int count)
{
	return count & NMI_MASK ? 3 : count & HARDIRQ_MASK ? 2 : !!(count & SOFTIRQ_OFFSET);
}

/* All of struct perfbuf_common, in any context. */
static __always_inline u64 common_here(const struct perfbuf_emission *emission,
				       const struct pb_event_cpu *here, unsigned int count)
{
	return common_word(here, emission->irq_flags) | context_flags(count) |
	       (u64)current->pid << 32;
}

/* tid, and tgid in the upper half, in the first namespace. */
static __always_inline u64 ids_of(const struct task_struct *task)
{
	if (offsetof(struct task_struct, tgid) == offsetof(struct task_struct, pid) + sizeof(u32))
		return *(const u64 *)&task->pid;
	return (u32)task->pid | (u64)(u32)task->tgid << 32;
}

/* Turns interrupts off and finds the event's state of this CPU. False: it is not registered. */
static __always_inline bool enter(struct perfbuf_emission *emission, struct perfbuf_event *event,
				  struct pb_event_cpu **here, unsigned long *irqs)
{
	void __percpu *cpus;
	unsigned long flags;

	/* local_irq_save() in two steps, so that gcc stores the flags at once and frees their
	 * register. */
	local_save_flags(flags);
	emission->irq_flags = flags;
	*irqs = flags;
	local_irq_disable();
	cpus = as_percpu(smp_load_acquire(&event->cpus));
	if (unlikely(!cpus))
		return false;
	*here = this_cpu_ptr(cpus);
	return true;
}

notrace void *pb_emission_over(struct perfbuf_emission *emission)
{
	const unsigned long flags = emission->irq_flags;

	local_irq_restore(flags);
	return NULL;
}

int pb_emission_let_interrupts_in(struct perfbuf_emission *emission)
{
	const unsigned long flags = emission->irq_flags;

	if (irqs_disabled_flags(flags) || preempt_count() & NO_TASK)
		return false;
	preempt_disable();
	local_irq_enable();
	/* sti takes effect after the instruction that follows it. */
	cpu_relax();
	local_irq_disable();
	preempt_enable();
	return true;
}

/* Reads the time and the ids if a reader on this CPU needs them. */
static __always_inline void gather(struct perfbuf_emission *emission,
				   const struct pb_event_cpu *here)
{
	if (here->needs & PB_NEEDS_TIME)
		emission->time = pb_local_clock();
	/* A task that was reaped has no ids: -1. */
	if (here->needs & PB_NEEDS_IDS)
		emission->ids = likely(pid_alive(current)) ? rol64(ids_of(current), 32) : ~0ULL;
}

notrace void *perfbuf_emit_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
				 void *spare, const struct perfbuf_part *parts, u32 part_count)
{
	struct pb_event_cpu *here;
	unsigned long flags;
	unsigned int count;

	if (unlikely(!enter(emission, event, &here, &flags) || !here->first))
		return pb_emission_over(emission);
	gather(emission, here);
	count = preempt_count();
	return perfbuf_emit_parts(emission, here, common_here(emission, here, count),
				  level_of(count), event->bytes, spare, parts, part_count);
}
EXPORT_SYMBOL_GPL(perfbuf_emit_begin);
EXPORT_SYMBOL_GPL(perfbuf_emit_next);

/* Not inline, because it saves registers: the fast paths, which call it last, then save none. */
static noinline notrace void *emit_any(struct perfbuf_emission *emission, struct pb_event_cpu *here)
{
	unsigned int count;

	if (unlikely(!here->first))
		return pb_emission_over(emission);
	gather(emission, here);
	count = preempt_count();
	if (likely(!(count & NO_TASK))) {
		const u64 common = common_word(here, emission->irq_flags) | (u64)current->pid << 32;

		if (here->alone == PB_ALONE_OTHERS)
			return perfbuf_emit_others(emission, here, common);
		return perfbuf_emit_any(emission, here, common, 0);
	}
	return perfbuf_emit_any(emission, here, common_here(emission, here, count),
				level_of(count));
}

/* Calls perfbuf_emit_raw_time_tid_cpu() where local_clock() is a call: not inline, as emit_any().
 */
static noinline notrace void *emit_time_tid_cpu(struct perfbuf_emission *emission,
						struct pb_event_cpu *here)
{
	const u64 time = local_clock();

	return perfbuf_emit_raw_time_tid_cpu(emission, here, ids_of(current),
					     common_word(here, emission->irq_flags), time);
}

notrace void *perfbuf_fixed_emit(struct perfbuf_emission *emission, struct perfbuf_event *event)
{
	struct pb_event_cpu *here;
	unsigned long flags;

	if (unlikely(!enter(emission, event, &here, &flags)))
		return pb_emission_over(emission);
	if (likely(!(preempt_count() & NO_TASK))) {
		const struct task_struct *task = current;

		if (here->alone == PB_ALONE_RAW)
			return perfbuf_emit_raw(emission, here, ids_of(task),
						common_word(here, flags));
		if (here->alone == PB_ALONE_RAW_TIME_TID_CPU && likely(pid_alive(task))) {
			if (!static_branch_likely(&pb_tsc_is_clock))
				return emit_time_tid_cpu(emission, here);
			return perfbuf_emit_raw_time_tid_cpu(emission, here, ids_of(task),
							     common_word(here, flags),
							     pb_tsc_clock_ns());
		}
		if (here->first && !here->needs)
			return perfbuf_emit_any(emission, here,
						common_word(here, flags) | (u64)task->pid << 32, 0);
	}
	return emit_any(emission, here);
}
EXPORT_SYMBOL_GPL(perfbuf_fixed_emit);
EXPORT_SYMBOL_GPL(perfbuf_fixed_next);

notrace void *perfbuf_burst_begin(struct perfbuf_burst *burst, struct perfbuf_event *event,
				  u32 records)
{
	struct perfbuf_emission *emission = &burst->emission;
	struct pb_event_cpu *here;
	unsigned long flags;
	unsigned int count;

	if (unlikely(!enter(emission, event, &here, &flags) || !here->first))
		return pb_emission_over(emission);
	emission->caller = _RET_IP_;
	gather(emission, here);
	count = preempt_count();
	return perfbuf_burst_open(burst, here, common_here(emission, here, count), level_of(count),
				  records);
}
EXPORT_SYMBOL_GPL(perfbuf_burst_begin);
EXPORT_SYMBOL_GPL(perfbuf_burst_turn);

static __always_inline void *raw_emit(struct perfbuf_emission *emission,
				      struct perfbuf_event *event, u32 bytes, void *spare)
{
	struct pb_event_cpu *here;
	unsigned long flags;
	unsigned int count;

	if (unlikely(!enter(emission, event, &here, &flags) || !here->first))
		return pb_emission_over(emission);
	emission->caller = _RET_IP_;
	count = preempt_count();
	return perfbuf_raw_begin(emission, here, common_here(emission, here, count),
				 level_of(count), bytes, spare);
}

notrace void *perfbuf_reserve(struct perfbuf_emission *emission, struct perfbuf_event *event,
			      u32 bytes, void *spare)
{
	return raw_emit(emission, event, bytes, spare);
}
EXPORT_SYMBOL_GPL(perfbuf_reserve);
EXPORT_SYMBOL_GPL(perfbuf_reserve_next);

notrace bool perfbuf_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
			   u32 bytes)
{
	return raw_emit(emission, event, bytes, NULL);
}
EXPORT_SYMBOL_GPL(perfbuf_begin);
EXPORT_SYMBOL_GPL(perfbuf_next);
EXPORT_SYMBOL_GPL(perfbuf_copy);
EXPORT_SYMBOL_GPL(perfbuf_discard);
