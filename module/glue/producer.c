// SPDX-License-Identifier: GPL-2.0
/* Registration of sources by other modules, and the kernel's services for module/producer. */
#include "producer.h"

#include "percpu.h"

#include <linux/export.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/trace_events.h>

#include <perfbuf/producer.h>

#include "arch.h"

static_assert(sizeof(((struct perfbuf_event *)0)->listened_space) ==
	      offsetof(struct perfbuf_event, cpus));

/* C++ declares the same order. */
static_assert(offsetof(struct perfbuf_source_ops, start) == 0);
static_assert(offsetof(struct perfbuf_source_ops, stop) == sizeof(void *));
static_assert(offsetof(struct perfbuf_source_ops, write) == 2 * sizeof(void *));

int perfbuf_source_register_abi(struct perfbuf_source *source, struct module *owner, u32 abi)
{
	return perfbuf_producer_register(source, owner, abi);
}
EXPORT_SYMBOL_GPL(perfbuf_source_register_abi);

void perfbuf_source_unregister(struct perfbuf_source *source)
{
	perfbuf_producer_unregister(source);
}
EXPORT_SYMBOL_GPL(perfbuf_source_unregister);

int perfbuf_recorder_dump(struct perfbuf_source *source, struct device *device)
{
	int ret;

	rcu_read_lock();
	ret = perfbuf_producer_dump(source, device);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(perfbuf_recorder_dump);

/* ---------------------------------------------------------------- for C++ */

int pb_module_get(void *owner)
{
	return try_module_get(owner);
}

void pb_module_put(void *owner)
{
	module_put(owner);
}

void pb_print_pointer(char text[PB_POINTER_TEXT], u64 pointer)
{
	snprintf(text, PB_POINTER_TEXT, "%p", (void *)(unsigned long)pointer);
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

/* Without tracing no other code allocates ids. */
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

void pb_event_enable(struct perfbuf_event *event)
{
	static_branch_inc(&event->listened);
}

void pb_event_disable(struct perfbuf_event *event)
{
	static_branch_dec(&event->listened);
}

void *pb_percpu_alloc(unsigned long bytes)
{
	return from_percpu(__alloc_percpu(bytes, sizeof(u64)));
}

void pb_percpu_free(void *memory)
{
	free_percpu(as_percpu(memory));
}

void *pb_percpu_at(void *memory, __u32 cpu)
{
	return per_cpu_ptr(as_percpu(memory), cpu);
}

void pb_percpu_each(void *memory, void (*fn)(void *arg, void *at), void *arg)
{
	int cpu;

	for_each_possible_cpu (cpu)
		fn(arg, per_cpu_ptr(as_percpu(memory), cpu));
}

void pb_log_other_abi(void *owner, __u32 abi)
{
	const struct module *module = owner;

	pr_notice("perfbuf: %s was compiled against version %u of perfbuf/producer.h, this is %u\n",
		  module ? module->name : "a module", abi, PERFBUF_ABI);
}

void pb_log_refusal(const char *source, const char *refused, const char *why)
{
	pr_notice("perfbuf: source '%s' is refused: '%s' %s\n", source, refused, why);
}

void pb_log_field_refusal(const char *source, const char *event, const char *field, const char *why)
{
	pr_notice("perfbuf: source '%s' is refused: of its event '%s', '%s' %s\n", source, event,
		  field, why);
}

void pb_with_here_regs(void (*fn)(void *arg, const pb_regs *regs), void *arg)
{
	struct pt_regs regs;

	pb_arch_here_regs(&regs);
	fn(arg, &regs);
	/* Keeps the call from becoming a tail call: @regs describes this frame. */
	barrier();
}
