/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where writers may begin.
 *
 * A CPU is open from its online callback to its offline callback, while the hook
 * for them is in place. While it is not, no sampler starts there, and side-band
 * records are counted as lost: user tasks do not run on it then, but a few of its
 * kernel threads do.
 *
 * Events on any CPU have no CPU where one could be alone with them. They are
 * closed together, all at once and for a moment.
 */
#pragma once

#include "ring/abi.hpp"

namespace perfbuf
{

/* On that CPU, interrupts off. */
bool cpu_is_open(u32 cpu) noexcept;
/* Whether the writer of an event may begin on @cpu. @event_cpu: -1, or @cpu. */
bool may_begin(s32 event_cpu, u32 cpu) noexcept;
/* On that CPU, interrupts off; the second when all writers have been stopped there. */
void open_cpu(u32 cpu) noexcept;
void close_cpu(u32 cpu) noexcept;

/*
 * Calls @fn(@arg) while no writer that is bound to @cpu is inside: on @cpu with interrupts off, or
 * here while @cpu cannot open. Process context.
 */
void run_alone_on(u32 cpu, void (*fn)(void *arg), void *arg) noexcept;

/*
 * Closes and opens events on any CPU. After closing, an interrupt handled on every CPU has seen the
 * last writer out. Under the writers' lock.
 */
void close_any_cpu(bool closed) noexcept;

} // namespace perfbuf
