// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's ftrace export. The kernel calls it for the events of all tracefs instances, and does
 * not pass the instance, so an event that two instances have enabled would be recorded twice. A
 * kprobe on trace_event_buffer_commit(), which calls the export, sees the instance.
 */
#include "ftrace.h"

#include "device/task.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/smp.h>
#include <linux/trace.h>
#include <linux/trace_events.h>

/* tracefs itself: the instance without a name. */
static const struct trace_array *top;

static void event_exported(struct trace_export *self, const void *entry, unsigned int bytes)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_trace_event_exported(entry, bytes, _RET_IP_, smp_processor_id(),
				     pb_nesting_level());
	local_irq_restore(flags);
}

static void marker_exported(struct trace_export *self, const void *entry, unsigned int bytes)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_trace_exported(entry, bytes, _RET_IP_, smp_processor_id(), pb_nesting_level());
	local_irq_restore(flags);
}

static struct trace_export events = {
	.write = event_exported,
	.flags = TRACE_EXPORT_EVENT,
};

static struct trace_export markers = {
	.write = marker_exported,
	.flags = TRACE_EXPORT_MARKER,
};

/* The kprobe's handler: runs in a breakpoint, with preemption off. */
static int on_commit(struct kprobe *self, struct pt_regs *regs)
{
	const struct trace_event_buffer *buffer =
		(const struct trace_event_buffer *)regs_get_kernel_argument(regs, 0);

	perfbuf_trace_commits(buffer->entry, buffer->trace_file->tr != top, smp_processor_id());
	return 0;
}

static struct kprobe commit_probe;

/* Finds the instance of tracefs itself, by any of its events. NULL: the kernel has no such event.
 */
static const struct trace_array *find_top(void)
{
	struct trace_event_file *file = trace_get_event_file(NULL, "sched", "sched_switch");
	const struct trace_array *found;

	if (IS_ERR(file))
		return NULL;
	found = file->tr;
	trace_put_event_file(file);
	return found;
}

int pb_probe_commits(void)
{
	top = find_top();
	if (!top)
		return -ENOENT;
	/* register_kprobe() sets members that must be zero before, so each registration needs a new
	 * one. */
	commit_probe = (struct kprobe){
		.addr = (kprobe_opcode_t *)trace_event_buffer_commit,
		.pre_handler = on_commit,
	};
	return register_kprobe(&commit_probe);
}

void pb_unprobe_commits(void)
{
	unregister_kprobe(&commit_probe);
}

int pb_export_events(void)
{
	return register_ftrace_export(&events);
}

void pb_unexport_events(void)
{
	unregister_ftrace_export(&events);
}

int pb_export_markers(void)
{
	return register_ftrace_export(&markers);
}

void pb_unexport_markers(void)
{
	unregister_ftrace_export(&markers);
}
