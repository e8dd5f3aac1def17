/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The longest that a record may wait for its reader's wakeup, even if no other
 * follows it.
 *
 * The first record after a wakeup arms a timer; when it fires and something is
 * unread, the reader is woken. A timer cannot be started from NMI, so the
 * writer raises an irq_work that starts it: one for each latency at most.
 */
#pragma once

#include "ring/irq_work.hpp"

#include <cxxrt/memory_model.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

using cxxrt::u64;
using cxxrt::u8;

class latency_limit
{
public:
	/* @expired is called in hard irq once a record has waited long enough. */
	latency_limit(void *owner, void (*expired)(void *owner)) noexcept;
	~latency_limit() { stop(); }

	/* Stops the alarm for good: on return @expired does not run. The ring has no writers any
	 * more. Process context, sleeps. */
	void stop() noexcept;
	/* 0: no limit. Process context, may sleep; ENOMEM. */
	cxxrt::result<void> set(u64 ns) noexcept;

	bool limited() const noexcept { return ns_.read_once(); }

	/* A record was published. Any context. */
	void published() noexcept
	{
		if (ns_.read_once()) [[unlikely]]
			arm();
	}

private:
	void arm() noexcept;
	/* Raises the irq_work that starts or restarts the alarm. Any context. */
	void request_start() noexcept;
	static void start(latency_limit &self) noexcept;
	static void expire(void *self) noexcept;

	cxxrt::shared<u64> ns_;
	cxxrt::shared<u8> armed_; /* from arm() until the timer has fired */
	void *owner_;
	void (*expired_)(void *owner);
	cxxrt::shared<void *> alarm_; /* made by the first set(), freed with us */
	irq_work<latency_limit> start_work_;
};

} // namespace perfbuf
