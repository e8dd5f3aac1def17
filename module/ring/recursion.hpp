/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recursion contexts. A source that is entered while it already runs in the
 * same context (task, softirq, irq, NMI) of the same CPU must not go on: it
 * would recurse without end or write into its own half-filled buffer.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

inline constexpr u32 nesting_levels = 4;

/* Where code runs; the numbers are those that pb_nesting_level() returns. */
enum class nesting : u32 { task, softirq, irq, nmi };

/*
 * One for each CPU and source. Invariant: busy_[c] is set just while somebody is inside on
 * context c; only contexts on this CPU touch it, and a nested one leaves it as it found it.
 */
class recursion_contexts
{
public:
	/* Nobody may ever be inside on @level. Before anybody is. */
	void close(nesting level) noexcept { busy_[static_cast<u32>(level)].set(never); }
	bool is_closed(nesting level) const noexcept
	{
		return busy_[static_cast<u32>(level)].read() == never;
	}

	/* False: already inside, or closed; drop and count. Preemption is off until leave(). */
	[[nodiscard]] bool try_enter(nesting level) noexcept
	{
		cxxrt::local<u32> &busy = busy_[static_cast<u32>(level)];

		if (busy.read()) [[unlikely]]
			return false;
		busy.set(1);
		cxxrt::barrier();
		return true;
	}

	void leave(nesting level) noexcept
	{
		cxxrt::barrier();
		busy_[static_cast<u32>(level)].set(0);
	}

private:
	static constexpr u32 never = 2;

	cxxrt::local<u32> busy_[nesting_levels];
};

} // namespace perfbuf
