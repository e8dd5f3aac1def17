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
 * Between them every event that is enabled in tracefs comes to perfbuf_trace_event_exported(), and
 * every marker to perfbuf_trace_exported(). Nonzero: the kernel does not take the export. A call
 * may be under way on return, until an RCU grace period has passed. Process context, may sleep.
 */
int pb_export_events(void) PB_NOEXCEPT;
void pb_unexport_events(void) PB_NOEXCEPT;
int pb_export_markers(void) PB_NOEXCEPT;
void pb_unexport_markers(void) PB_NOEXCEPT;
/* Between them every commit of an event comes to perfbuf_trace_commits(). 0 or a negative errno:
 * the kernel has no kprobes, or no event by which to distinguish its instances. Likewise. */
int pb_probe_commits(void) PB_NOEXCEPT;
void pb_unprobe_commits(void) PB_NOEXCEPT;

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
