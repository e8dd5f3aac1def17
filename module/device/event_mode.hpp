/* SPDX-License-Identifier: GPL-2.0 */
/* One word with the state of an event and the reasons why its samples take the slow path
 * (producer/emission.hpp). Zero: active, on the fast path. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

enum class event_state : u32 { active, off, exited, error, closed };

class event_mode
{
public:
	enum reason : u32 {
		no_layout = 0x100, /* of samples: device/sample_layout.hpp */
		period = 0x200,	   /* not every event is a sample */
		limited = 0x400,   /* REFRESH counts them */
		linked = 0x800,	   /* they pause, resume or hold AUX */
		filtered = 0x1000,
	};

	bool is_fast() const noexcept { return word_.equals(0); }
	bool is_fast_but_filtered() const noexcept { return !(word_.read_once() & ~u32{filtered}); }
	event_state state() const noexcept { return state_of(word_.read_once()); }

	/* Any context and CPU. */
	bool try_change(event_state from, event_state to) noexcept
	{
		u32 seen;

		do {
			seen = word_.read_once();
			if (state_of(seen) != from)
				return false;
		} while (!word_.try_cmpxchg(seen, with(seen, to)));
		return true;
	}

	void set(event_state to) noexcept
	{
		u32 seen;

		do
			seen = word_.read_once();
		while (!word_.try_cmpxchg(seen, with(seen, to)));
	}

	/* The same. A writer between begin and commit may still act on the old word. */
	void close(reason why) noexcept { word_.fetch_or(why); }
	void open(reason why) noexcept { word_.fetch_and(~u32{why}); }

private:
	static constexpr u32 state_mask = 0xff;

	static event_state state_of(u32 word) noexcept
	{
		return static_cast<event_state>(word & state_mask);
	}
	static u32 with(u32 word, event_state to) noexcept
	{
		return (word & ~state_mask) | static_cast<u32>(to);
	}

	cxxrt::shared<u32> word_{static_cast<u32>(event_state::off)};
};

} // namespace perfbuf
