// SPDX-License-Identifier: GPL-2.0
/* Arms and stops the timer that wakes a reader after the latency limit. */
#include "ring/latency.hpp"

namespace perfbuf
{

latency_limit::latency_limit(void *owner, void (*expired)(void *owner)) noexcept
	: owner_(owner), expired_(expired), start_work_(*this, start)
{
}

void latency_limit::stop() noexcept
{
	/* The work starts the alarm, so it goes first. */
	start_work_.sync();
	pb_alarm_destroy(alarm_.exchange(nullptr));
}

cxxrt::result<void> latency_limit::set(u64 ns) noexcept
{
	if (ns && !alarm_.read_once()) {
		void *made = pb_alarm_create(expire, this);

		if (!made)
			return cxxrt::error(ENOMEM);
		alarm_.write_once(made);
	}
	/* A writer that reads this ns finds the alarm. */
	ns_.store_release(ns);

	/* Start the alarm for records that are unread already, and replace one with a longer time.
	 */
	if (ns)
		request_start();
	return {};
}

void latency_limit::arm() noexcept
{
	/*
	 * L, pairs with L in expire(): either we see that the alarm has fired, and arm it, or it
	 * sees the head that we have just published.
	 */
	cxxrt::smp_mb();
	if (!armed_.read_once())
		request_start();
}

void latency_limit::request_start() noexcept
{
	armed_.write_once(1);
	start_work_.raise();
}

void latency_limit::start(latency_limit &self) noexcept
{
	const u64 ns = self.ns_.load_acquire();

	if (ns)
		pb_alarm_start(self.alarm_.read_once(), ns);
	else
		self.armed_.write_once(0);
}

void latency_limit::expire(void *argument) noexcept
{
	latency_limit *self = static_cast<latency_limit *>(argument);

	self->armed_.write_once(0);
	/* L, pairs with L in arm(). */
	cxxrt::smp_mb();
	self->expired_(self->owner_);
}

} // namespace perfbuf
