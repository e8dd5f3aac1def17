/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One word that says whether a record may take the short way into a ring: how
 * large it may be, and, below zero, why none may.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

class gate
{
public:
	enum reason : u64 {
		paused = u64{1} << 32,
		owes = u64{2} << 32,	/* there may be a loss to tell */
		watched = u64{4} << 32, /* all statistics are kept */
		special = u64{8} << 32, /* overwrite mode, or backward */
	};

	/* The largest record, in bytes. Before anybody writes. */
	void set_largest(u32 bytes) noexcept { word_.write_once(bytes); }

	bool admits(u64 bytes) const noexcept { return word_.at_least(static_cast<s64>(bytes)); }
	bool closed(reason why) const noexcept { return word_.read_once() & why; }

	/* Any context and CPU. */
	void close(reason why) noexcept
	{
		if (!closed(why))
			word_.fetch_or(why | shut);
	}
	/* The same; it turns again only where another has just changed a reason. */
	void open(reason why) noexcept
	{
		u64 seen;
		u64 next;

		do {
			seen = word_.read_once();
			next = seen & ~why;
			if (!(next & reasons))
				next &= ~shut;
		} while (!word_.try_cmpxchg(seen, next));
	}

private:
	static constexpr u64 shut = u64{1} << 63;
	static constexpr u64 reasons = paused | owes | watched | special;

	cxxrt::shared<u64> word_;
};

} // namespace perfbuf
