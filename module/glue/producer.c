// SPDX-License-Identifier: GPL-2.0
/* What other modules call: registration and emission. */
#include "producer.h"

#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/trace_events.h>

#include <perfbuf/producer.h>

static_assert(sizeof(((struct perfbuf_event *)0)->listened_space) ==
	      offsetof(struct perfbuf_event, listeners));

int perfbuf_source_register_abi(struct perfbuf_source *source, struct module *owner, u32 abi)
{
	if (abi != PERFBUF_ABI) {
		pr_notice("perfbuf: %s was compiled against version %u of perfbuf/producer.h, this "
			  "is %u\n",
			  owner ? owner->name : "a module", abi, PERFBUF_ABI);
		return -EPROTO;
	}
	return perfbuf_producer_register(source, owner);
}
EXPORT_SYMBOL_GPL(perfbuf_source_register_abi);

void perfbuf_source_unregister(struct perfbuf_source *source)
{
	perfbuf_producer_unregister(source);
}
EXPORT_SYMBOL_GPL(perfbuf_source_unregister);

/* ---------------------------------------------------------------- emission */

/* ftrace's, of enum trace_flag_type, which is not in a header. */
#define FLAG_IRQS_OFF 0x01
#define FLAG_HARDIRQ  0x08
#define FLAG_SOFTIRQ  0x10
#define FLAG_NMI      0x40

/* struct perfbuf_common as one word; @flags: of the interrupts as they were. */
static __always_inline u64 common_of(u32 id, unsigned long flags)
{
	const unsigned int count = preempt_count();
	u64 context = 0;

	if (count & NMI_MASK)
		context |= FLAG_NMI;
	if (count & HARDIRQ_MASK)
		context |= FLAG_HARDIRQ;
	if (count & SOFTIRQ_OFFSET)
		context |= FLAG_SOFTIRQ;
	if (irqs_disabled_flags(flags))
		context |= FLAG_IRQS_OFF;
	return id | context << 16 | (u64)(count & PREEMPT_MASK) << 24 | (u64)current->pid << 32;
}

/* pb_nesting_level() without the call. */
static __always_inline u32 level_of(u64 common)
{
	const unsigned int flags = common >> 16;

	return flags & FLAG_NMI ? 3 : flags & FLAG_HARDIRQ ? 2 : !!(flags & FLAG_SOFTIRQ);
}

/*
 * What listens here, with interrupts off; or NULL, and they are as they were. The emission is over
 * when a C++ function says NULL.
 */
static __always_inline void *enter(struct perfbuf_emission *emission, struct perfbuf_event *event)
{
	void __percpu *listeners;
	unsigned long flags;
	void *here;

	local_irq_save(flags);
	listeners = (void __percpu *)smp_load_acquire(&event->listeners);
	if (likely(listeners)) {
		here = this_cpu_ptr(listeners);
		if (likely(READ_ONCE(*(void **)here))) {
			emission->irq_flags = flags;
			return here;
		}
	}
	local_irq_restore(flags);
	return NULL;
}

static __always_inline void *open_or_leave(struct perfbuf_emission *emission, void *open)
{
	const unsigned long flags = emission->irq_flags;

	if (!open)
		local_irq_restore(flags);
	return open;
}

void *perfbuf_emit_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
			 void *spare, const struct perfbuf_part *parts, u32 part_count)
{
	void *here = enter(emission, event);
	u64 common;

	if (unlikely(!here))
		return NULL;
	common = common_of(event->id, emission->irq_flags);
	emission->caller = _RET_IP_;
	return open_or_leave(emission,
			     perfbuf_emission_begin(emission, here, common, level_of(common),
						    event->bytes, spare, parts, part_count));
}
EXPORT_SYMBOL_GPL(perfbuf_emit_begin);

void *perfbuf_emit_next(struct perfbuf_emission *emission)
{
	return open_or_leave(emission, perfbuf_emission_next(emission));
}
EXPORT_SYMBOL_GPL(perfbuf_emit_next);

void *perfbuf_reserve(struct perfbuf_emission *emission, struct perfbuf_event *event, u32 bytes,
		      void *spare)
{
	void *here = enter(emission, event);
	u64 common;

	if (unlikely(!here))
		return NULL;
	common = common_of(event->id, emission->irq_flags);
	emission->caller = _RET_IP_;
	return open_or_leave(emission, perfbuf_raw_begin(emission, here, common, level_of(common),
							 bytes, spare));
}
EXPORT_SYMBOL_GPL(perfbuf_reserve);

void *perfbuf_reserve_next(struct perfbuf_emission *emission)
{
	return open_or_leave(emission, perfbuf_raw_next(emission));
}
EXPORT_SYMBOL_GPL(perfbuf_reserve_next);

bool perfbuf_begin(struct perfbuf_emission *emission, struct perfbuf_event *event, u32 bytes)
{
	void *here = enter(emission, event);
	u64 common;

	if (unlikely(!here))
		return false;
	common = common_of(event->id, emission->irq_flags);
	emission->caller = _RET_IP_;
	return open_or_leave(
		emission, perfbuf_raw_begin(emission, here, common, level_of(common), bytes, NULL));
}
EXPORT_SYMBOL_GPL(perfbuf_begin);

bool perfbuf_next(struct perfbuf_emission *emission)
{
	return open_or_leave(emission, perfbuf_raw_next(emission));
}
EXPORT_SYMBOL_GPL(perfbuf_next);

void perfbuf_copy(struct perfbuf_emission *emission, const void *from, u32 bytes)
{
	perfbuf_raw_copy(emission, from, bytes);
}
EXPORT_SYMBOL_GPL(perfbuf_copy);

void perfbuf_discard(struct perfbuf_emission *emission)
{
	perfbuf_raw_discard(emission);
}
EXPORT_SYMBOL_GPL(perfbuf_discard);

/* ---------------------------------------------------------------- for C++ */

int pb_module_get(void *owner)
{
	return try_module_get(owner);
}

void pb_module_put(void *owner)
{
	module_put(owner);
}

#ifdef CONFIG_TRACING
struct trace_id {
	struct trace_event event;
	struct trace_event_functions functions;
};

int pb_trace_id_get(void **held)
{
	struct trace_id *made = kzalloc(sizeof(*made), GFP_KERNEL);

	if (!made)
		return -ENOMEM;
	made->event.funcs = &made->functions;
	if (!register_trace_event(&made->event)) {
		kfree(made);
		return -ENOSPC;
	}
	*held = made;
	return made->event.type;
}

void pb_trace_id_put(void *held)
{
	struct trace_id *made = held;

	unregister_trace_event(&made->event);
	kfree(made);
}
#else
#include <linux/idr.h>

/* Nobody else has any. */
static DEFINE_IDA(trace_ids);

int pb_trace_id_get(void **held)
{
	int id = ida_alloc_range(&trace_ids, 1, U16_MAX, GFP_KERNEL);

	*held = (void *)(long)id;
	return id;
}

void pb_trace_id_put(void *held)
{
	ida_free(&trace_ids, (long)held);
}
#endif

void pb_event_listen(struct perfbuf_event *event)
{
	static_branch_inc(&event->listened);
}

void pb_event_unlisten(struct perfbuf_event *event)
{
	static_branch_dec(&event->listened);
}

void *pb_percpu_alloc(unsigned long bytes)
{
	return (__force void *)__alloc_percpu(bytes, sizeof(u64));
}

void pb_percpu_free(void *memory)
{
	free_percpu((void __percpu *)memory);
}

void *pb_percpu_at(void *memory, __u32 cpu)
{
	return per_cpu_ptr((void __percpu *)memory, cpu);
}

void pb_percpu_each(void *memory, void (*fn)(void *arg, void *at), void *arg)
{
	int cpu;

	for_each_possible_cpu (cpu)
		fn(arg, per_cpu_ptr((void __percpu *)memory, cpu));
}

void pb_log_refusal(const char *source, const char *what, const char *why)
{
	pr_notice("perfbuf: source '%s' is refused: '%s' %s\n", source, what, why);
}

void pb_with_here_regs(void (*fn)(void *arg, const pb_regs *regs), void *arg)
{
	struct pt_regs regs = {.cs = __KERNEL_CS, .flags = X86_EFLAGS_FIXED};

	/* At one place, so that the unwinder's tables for it hold. */
	asm volatile("leaq 0(%%rip), %0\n\t"
		     "movq %%rsp, %1\n\t"
		     "movq %%rbp, %2"
		     : "=&r"(regs.ip), "=&r"(regs.sp), "=&r"(regs.bp));
	fn(arg, &regs);
	/* Not a tail call: the frame is the one that @regs says. */
	barrier();
}
