/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where writers may begin, and what there is on each CPU.
 *
 * A CPU is open from its online callback to its offline callback, while the hook
 * for them is in place. While it is not, no sampler starts there, and side-band
 * records are counted as lost: user tasks do not run on it then, but a few of its
 * kernel threads do.
 */
#pragma once

#include "device/rcu_list.hpp"
#include "ring/abi.hpp"

#include <generated/offsets.h>

namespace perfbuf
{

/* On that CPU, interrupts off. */
bool cpu_is_open(u32 cpu) noexcept;
/* On that CPU, interrupts off; the second when all writers have been stopped there. */
void open_cpu(u32 cpu) noexcept;
void close_cpu(u32 cpu) noexcept;

/*
 * Calls @fn(@arg) while no writer that is bound to @cpu is inside: on @cpu with interrupts off, or
 * here while @cpu cannot open. Process context.
 */
void run_alone_on(u32 cpu, void (*fn)(void *arg), void *arg) noexcept;

/*
 * A list for each CPU. Beyond so many CPUs some share one, so an element is asked for its CPU.
 * Changed under the lists' lock, walked with preemption off.
 */
template <typename T>
class cpu_lists
{
public:
	rcu_list<T> &of(u32 cpu) noexcept { return lists_[cpu % count]; }

private:
	static constexpr u32 count = PB_NR_CPUS < 1024 ? PB_NR_CPUS : 1024;

	rcu_list<T> lists_[count];
};

} // namespace perfbuf
