/* SPDX-License-Identifier: GPL-2.0 */
/* How long something has run on one CPU. */
#pragma once

#include "device/task.h"
#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/* Invariant: but for ns() and runs(), it is touched on its CPU only, with interrupts off. */
class run_time
{
public:
	bool runs() const noexcept { return mark_.read() & 1; }

	/* It does not run. */
	void start() noexcept { mark_.set((pb_clock_ns(own_clock) << 1) - mark_.read() + 1); }

	void stop() noexcept
	{
		if (runs())
			mark_.set(ns() << 1);
	}

	/* Any CPU and context. */
	u64 ns() const noexcept
	{
		const u64 mark = mark_.read();

		if (!(mark & 1))
			return mark >> 1;

		/* The clocks of two CPUs may differ by a little. */
		const u64 now = pb_clock_ns(own_clock);
		const u64 since = mark >> 1;

		return now > since ? now - since : 0;
	}

private:
	/* perf's own, which no attr changes. */
	static constexpr int own_clock = -1;

	/*
	 * One word, so that others can read it at any time. Stopped: ns counted, shifted left.
	 * Running: when it would have had to start to have counted as much by now, shifted left,
	 * plus 1.
	 */
	cxxrt::local<u64> mark_;
};

} // namespace perfbuf
