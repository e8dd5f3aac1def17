/* SPDX-License-Identifier: GPL-2.0 */
/* A high-resolution timer that stays on the CPU that starts it and fires in hard irq. */
#ifndef PERFBUF_GLUE_TIMER_H
#define PERFBUF_GLUE_TIMER_H

#include "regs.h"
#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* @timer: PB_SIZEOF_TIMER bytes. Process context. */
void pb_timer_init(void *timer) PB_NOEXCEPT;
/*
 * Fires in @ns on this CPU. Interrupts off; not from NMI. The run queue's lock may be held:
 * nothing is woken. On another CPU the timer must not be pending and its function not running.
 */
void pb_timer_start(void *timer, __u64 ns) PB_NOEXCEPT;
/*
 * Takes the timer back; ns that were left, 0 if it was not pending. Interrupts off, on the CPU
 * that it was started on: its function is then not running. Not from NMI; under the run queue's
 * lock too.
 */
__u64 pb_timer_stop(void *timer) PB_NOEXCEPT;
/* Takes it back and waits for its function. Process context. */
void pb_timer_destroy(void *timer) PB_NOEXCEPT;

/*
 * C++: the timer has expired. Hard irq. @interrupted: what the interrupt came into, NULL if that
 * is not known, and then @mode is 0; @ip and @mode (enum pb_mode) are taken from it. Returns the
 * period until the next, counted from the expiry, or 0 to stop.
 */
__u64 perfbuf_timer_expired(void *timer, const pb_regs *interrupted, __u64 ip, __u32 mode,
			    __u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_TIMER_H */
