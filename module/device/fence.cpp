// SPDX-License-Identifier: GPL-2.0
#include "device/fence.hpp"
#include "device/task.h"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

namespace
{

constinit cxxrt::lock_class fence_lock_class{"perfbuf fence", {}};

/* On each CPU, interrupts off: the least of their clocks, which may differ. None goes back. */
void look_at_clock(void *least) noexcept
{
	auto &seen = *static_cast<cxxrt::shared<u64> *>(least);
	const u64 now = pb_clock_ns(-1);
	u64 was;

	do
		was = seen.read_once();
	while (now < was && !seen.try_cmpxchg(was, now));
}

bool is_wanted(int, void *) noexcept
{
	return true;
}

} // namespace

fence::fence() noexcept : mutex_(fence_lock_class)
{
}

bool fence::is_recent() const noexcept
{
	/* Pairs with renew(): after it the times are those of this fence or of a later one. */
	const u64 renewed = renewed_.load_acquire();

	return renewed && pb_clock_ns(1) - renewed < renewal_ns;
}

void fence::renew() noexcept
{
	cxxrt::shared<u64> least{~u64{0}};
	u64 times[clock_count];

	pb_call_on_cpus(is_wanted, look_at_clock, &least);
	times[0] = least.read_once();
	for (u32 i = 1; i < clock_count; i++)
		times[i] = pb_clock_ns(clocks[i]);
	/* Writers keep preemption off from their stamp to their publication. */
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
