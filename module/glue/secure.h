/* SPDX-License-Identifier: GPL-2.0 */
/* An exec of a program that its user may not trace: setuid, setgid, capabilities, unreadable. */
#ifndef PERFBUF_GLUE_SECURE_H
#define PERFBUF_GLUE_SECURE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * From attach to detach such an exec calls perfbuf_task_secured(); detach waits until no such call
 * is running or begins. The probe comes before the program is mapped, and misses an exec if more
 * than @tasks_max tasks are preempted or asleep in the probed function; the errors are those of
 * register_kretprobe(). The tracepoint comes after the mappings; -EOPNOTSUPP: the kernel has none.
 * Process context, may sleep.
 */
int pb_secure_probe_attach(unsigned int tasks_max) PB_NOEXCEPT;
void pb_secure_probe_detach(void) PB_NOEXCEPT;
int pb_secure_tracepoint_attach(void) PB_NOEXCEPT;
void pb_secure_tracepoint_detach(void) PB_NOEXCEPT;

/*
 * C++. The current task executes such a program. Interrupts off; may not sleep.
 */
void perfbuf_task_secured(__u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_SECURE_H */
