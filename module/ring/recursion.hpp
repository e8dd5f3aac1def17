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

/* One context of one CPU and source. Invariant: its word is 0 exactly while no writer is between
 * try_enter() and exit(). */
class recursion_context
{
public:
	/* The word of a context whose writer stores no word of its own. */
	static constexpr u64 entered = 1;

	/* Closes all contexts for good. Before the first writer enters. */
	void close() noexcept { word_.set(closed); }
	bool is_closed() const noexcept { return word_.equals(closed); }

	/*
	 * False: the context is entered already, or closed; the caller counts a loss. Preemption is
	 * off until exit(). @word: a value of the caller's for word(), more than 2.
	 */
	[[nodiscard]] bool try_enter(u64 word = entered) noexcept
	{
		if (!word_.equals(0)) [[unlikely]]
			return false;
		word_.set(word);
		cxxrt::barrier();
		return true;
	}
	/* Between try_enter() and exit(): reads and changes the word. */
	u64 word() const noexcept { return word_.read(); }
	void set_word(u64 word) noexcept { word_.set(word); }

	void exit() noexcept
	{
		cxxrt::barrier();
		word_.set(0);
	}

private:
	static constexpr u64 closed = 2;

	cxxrt::local<u64> word_;
};

/*
 * One for each CPU and source. Only contexts of this CPU use it. A nested context restores it
 * before it returns.
 */
class recursion_contexts
{
public:
	recursion_context &at(nesting level) noexcept { return all_[static_cast<u32>(level)]; }

	/* As those of recursion_context. */
	[[nodiscard]] bool try_enter(nesting level) noexcept { return at(level).try_enter(); }
	void exit(nesting level) noexcept { at(level).exit(); }

private:
	recursion_context all_[nesting_levels];
};

} // namespace perfbuf
