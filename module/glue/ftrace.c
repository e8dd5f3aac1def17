// SPDX-License-Identifier: GPL-2.0
/* The kernel's ftrace export. */
#include "ftrace.h"

#include "device/task.h"

#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/trace.h>

static void exported(struct trace_export *self, const void *entry, unsigned int bytes)
{
	unsigned long flags;

	local_irq_save(flags);
	perfbuf_trace_exported(entry, bytes, _RET_IP_, smp_processor_id(), pb_nesting_level());
	local_irq_restore(flags);
}

static struct trace_export export = {
	.write = exported,
	.flags = TRACE_EXPORT_EVENT,
};

int pb_export_start(void)
{
	return register_ftrace_export(&export) ? -EOPNOTSUPP : 0;
}

void pb_export_stop(void)
{
	unregister_ftrace_export(&export);
	/* Events call it with preemption off. */
	synchronize_rcu();
}
