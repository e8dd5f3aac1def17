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
 * From attach to detach such an exec calls perfbuf_task_secured(). -EOPNOTSUPP: this kernel has no
 * hook for it. Process context, may sleep; detach waits until no such call is running or begins.
 */
int pb_secure_attach(void) PB_NOEXCEPT;
void pb_secure_detach(void) PB_NOEXCEPT;

/*
 * C++. The current task executes such a program; before the first mapping of that is made, where
 * the kernel has kprobes. Interrupts off; may not sleep.
 */
void perfbuf_task_secured(__u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_SECURE_H */
