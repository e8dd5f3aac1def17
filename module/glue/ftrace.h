/* SPDX-License-Identifier: GPL-2.0 */
/* The records that tracefs' events and markers write, from the kernel's ftrace export. */
#ifndef PERFBUF_GLUE_FTRACE_H
#define PERFBUF_GLUE_FTRACE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Between them every event that is enabled in tracefs comes to perfbuf_trace_exported(), and every
 * marker; on return from stop none is inside. EOPNOTSUPP: the kernel has no export. Process
 * context, may sleep.
 */
int pb_export_start(void) PB_NOEXCEPT;
void pb_export_stop(void) PB_NOEXCEPT;

/*
 * C++: an event is about to commit @entry to the buffer of tracefs itself or of an instance. The
 * export does not say which. Any context, NMI included; maybe inside a breakpoint.
 */
void perfbuf_trace_commits(const void *entry, int is_of_instance, __u32 cpu) PB_NOEXCEPT;

/*
 * C++: a marker, or an event of tracefs itself or of an instance, has written @bytes at @entry,
 * which begins with struct trace_entry. Any context, NMI included; interrupts off. @level: enum
 * nesting.
 */
void perfbuf_trace_exported(const void *entry, __u32 bytes, __u64 ip, __u32 cpu,
			    __u32 level) PB_NOEXCEPT;
void perfbuf_trace_event_exported(const void *entry, __u32 bytes, __u64 ip, __u32 cpu,
				  __u32 level) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_FTRACE_H */
