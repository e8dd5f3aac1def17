// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_FENCE: finds a time before which every record is published. Process context. */
#include "device/fence.hpp"
#include "device/task.h"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

namespace
{

constinit cxxrt::lock_class fence_lock_class{"perfbuf fence", {}};

/* Runs on each CPU, with interrupts off, and lowers @least to the time of its clock. The clocks of
 * the CPUs may differ, but none goes back. */
void lower_to_clock(void *least) noexcept
{
	auto &seen = *static_cast<cxxrt::shared<u64> *>(least);
	const u64 now = pb_clock_ns(-1);
	u64 was;

	do
		was = seen.read_once();
	while (now < was && !seen.try_cmpxchg(was, now));
}

/* For pb_call_on_cpus(): every CPU. */
bool is_called(int, void *) noexcept
{
	return true;
}

} // namespace

fence::fence() noexcept : mutex_(fence_lock_class)
{
}

bool fence::is_recent() const noexcept
{
	/* Pairs with renew(): times_ that are read afterwards are those of this fence or of a later
	 * one. */
	const u64 renewed = renewed_.load_acquire();

	return renewed && pb_clock_ns(1) - renewed < renewal_ns;
}

void fence::renew() noexcept
{
	cxxrt::shared<u64> least{~u64{0}};
	u64 times[clock_count];

	pb_call_on_cpus(is_called, lower_to_clock, &least);
	times[0] = least.read_once();
	for (u32 i = 1; i < clock_count; i++)
		times[i] = pb_clock_ns(clocks[i]);
	/* A writer keeps preemption off from the reading of its clock to its publication. */
	pb_wait_for_writers();
	for (u32 i = 0; i < clock_count; i++)
		times_[i].write_once(times[i]);
	renewed_.store_release(pb_clock_ns(1));
}

u64 fence::time(int clockid) noexcept
{
	if (!is_recent()) {
		cxxrt::lock_guard held(mutex_);

		/* Another request may have renewed it while this one waited. */
		if (!is_recent())
			renew();
	}

	u32 which = 0;

	while (which + 1 < clock_count && clocks[which] != clockid)
		which++;
	return times_[which].read_once();
}

} // namespace perfbuf
