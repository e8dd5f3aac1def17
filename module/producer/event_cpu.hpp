/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a typed event on one CPU: the outputs to its readers there, and the values of an
 * occurrence that they need.
 *
 * Invariants: changed on its CPU with interrupts off, in constant time; read there, also in an NMI
 * that comes at any step of a change: needs_ covers every output of the list, and alone_ says
 * something only while the list holds one output.
 */
#pragma once

#include "glue/producer.h"
#include "ring/recursion.hpp"

namespace perfbuf
{

class output;

class event_cpu
{
public:
	void add(output &added) noexcept;
	void remove(output &removed) noexcept;
	output *first() const noexcept { return first_.read_once(); }

	/* The recursion word of a context. */
	recursion_context &context(nesting level) noexcept { return busy_.at(level); }
	recursion_context &task_context() noexcept { return busy_.at(nesting::task); }
	u32 level_of(const recursion_context &context) noexcept
	{
		return static_cast<u32>(&context - &task_context());
	}
	static event_cpu &of_task_context(recursion_context &context) noexcept
	{
		return reinterpret_cast<event_cpu &>(context);
	}
	/* Sets the event, before the first output. @contexts: where the event may be emitted,
	 * PERFBUF_CONTEXT_*. */
	void set_up(u32 id, u32 fixed_bytes, u32 contexts) noexcept;
	u32 fixed_bytes() const noexcept { return fixed_bytes_; }
	/* For an emission that lets interrupts in: a number of its own, and whether outputs have
	 * come or gone meanwhile. */
	u64 next_mark() noexcept { return ++last_mark_; }
	u32 changes() const noexcept { return changes_.read_once(); }

private:
	/* The C entries read the first members before they call C++. */
	static constexpr void check() noexcept;

	void set_alone() noexcept;

	recursion_contexts busy_;
	cxxrt::shared<output *> first_;
	cxxrt::local<u32> alone_; /* enum pb_alone */
	cxxrt::local<u32> needs_; /* sample_layout::needs_* of all of them */
	u32 common_;
	u32 fixed_bytes_;
	u32 count_;
	static constexpr u32 needs_bits = 2;
	u32 needing_[needs_bits]; /* how many outputs need each bit of needs_ */
	cxxrt::shared<u32> changes_;
	u64 last_mark_;
};

} // namespace perfbuf
