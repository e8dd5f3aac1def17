/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CPUs on which writers may begin, and a list for each CPU.
 *
 * A CPU is open from its online callback to its offline callback, as long as the hotplug hook is in
 * place. No sampler starts on a closed CPU, and its side-band records are counted as lost: no user
 * task runs there, but a few of its kernel threads do.
 */
#pragma once

#include "device/rcu_list.hpp"
#include "ring/abi.hpp"

#include <generated/offsets.h>

namespace perfbuf
{

/* On that CPU, interrupts off. */
bool cpu_is_open(u32 cpu) noexcept;
/* On that CPU, interrupts off. close_cpu() follows after all writers on the CPU have stopped. */
void open_cpu(u32 cpu) noexcept;
void close_cpu(u32 cpu) noexcept;

/* Calls @fn(@arg) while no writer of @cpu is inside: on @cpu with interrupts off, or on this CPU
 * while @cpu cannot open. Process context. */
void run_alone_on(u32 cpu, void (*fn)(void *arg), void *arg) noexcept;

/*
 * A list for each CPU. If there are more CPUs than lists, several CPUs share a list, so the reader
 * of a list checks the CPU of each element. Changed under the lists' lock, walked with preemption
 * off.
 */
template <typename T, typename Tag = void>
class cpu_lists
{
public:
	rcu_list<T, Tag> &of(u32 cpu) noexcept { return lists_[cpu % count]; }

private:
	static constexpr u32 count = PB_NR_CPUS < 1024 ? PB_NR_CPUS : 1024;

	rcu_list<T, Tag> lists_[count];
};

} // namespace perfbuf
