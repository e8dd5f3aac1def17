/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Patches of the kernel's code (hooks, the static branches of events) stay in place for a while
 * after their last user, because patching interrupts every CPU, and a user may open and close files
 * without end.
 */
#ifndef PERFBUF_GLUE_TRIM_H
#define PERFBUF_GLUE_TRIM_H

#include "ring/pages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Has the two functions below called about a second after the first of several requests. Process
 * context. */
void pb_trim_later(void) PB_NOEXCEPT;
/* On return no call that was requested before is under way or still to come. Process context,
 * sleeps. */
void pb_trim_cancel(void) PB_NOEXCEPT;

/* ------------------------------------------------- C++; process context, may sleep */

/* Detaches the hooks that no event uses. */
void perfbuf_trim_hooks(void) PB_NOEXCEPT;
/* Closes the static branches of the events that no file has. */
void perfbuf_trim_events(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_TRIM_H */
