/* SPDX-License-Identifier: GPL-2.0 */
/* The functions that the flight recorder calls in the kernel, and those that C calls in it. */
#ifndef PERFBUF_GLUE_RECORDER_H
#define PERFBUF_GLUE_RECORDER_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------- C; process context, may sleep, unless a line
 * says otherwise */

/* The number of possible CPUs, and the first possible CPU from @from on. Any context. */
__u32 pb_possible_cpus(void) PB_NOEXCEPT;
__u32 pb_next_possible_cpu(__u32 from) PB_NOEXCEPT;
/*
 * Calls @fn for each possible CPU: on that CPU with interrupts off if it is online; else on this
 * one, while the other stays offline.
 */
void pb_call_for_possible_cpus(void (*fn)(void *arg, __u32 cpu), void *arg) PB_NOEXCEPT;

/* Writes @message about the recorder of @source to the kernel's log. */
void pb_log_recorder(const char *source, const char *message) PB_NOEXCEPT;
/* Writes @line to the kernel's log, at a panic or an oops. Any context. */
void pb_log_recorded(const char *line) PB_NOEXCEPT;

/* Module parameters. Any context. */
const char *pb_param_recorders(void) PB_NOEXCEPT;
unsigned long pb_param_recorder_kib_max(void) PB_NOEXCEPT;
unsigned int pb_param_recorders_kept_max(void) PB_NOEXCEPT;

/* ------------------------------------------------- C++ */

int perfbuf_recorder_init(void) PB_NOEXCEPT;
void perfbuf_recorder_exit(void) PB_NOEXCEPT;

/* /dev/perfbuf_recorders: whether the caller may open it (0 or a negative errno); at most @bytes of
 * its text from @position on, into kernel memory; and its requests. */
int perfbuf_recorders_open(void) PB_NOEXCEPT;
long perfbuf_recorders_read(__u64 position, char *to, unsigned long bytes) PB_NOEXCEPT;
long perfbuf_recorders_ioctl(unsigned int request, unsigned long argument) PB_NOEXCEPT;

enum pb_print_at { PB_PRINT_AT_OOPS, PB_PRINT_AT_PANIC, PB_PRINT_TIMES };

/*
 * Prints the last @events events of all recorders, unless another CPU is doing so for the same @at:
 * several CPUs may oops at once. The two are independent, because a panic may stop a CPU that
 * prints for an oops. Any context, preemption off.
 */
void perfbuf_print_recorded(enum pb_print_at at, __u32 events) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* The node and the notifiers; at the module's start and end. */
int pb_recorder_start(void);
void pb_recorder_stop(void);
#endif

#endif /* PERFBUF_GLUE_RECORDER_H */
