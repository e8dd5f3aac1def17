/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether another module fills the AUX of a stream: calls its start() and stop(), which alternate
 * in whatever order and context the requests come.
 *
 *   wanted    the event is on and its CPU there        begin(), end()
 *   paused    a linked event's samples say so          settle()
 *   running   start() was called, and stop() was not
 *
 * Invariants: touched on the stream's CPU only, interrupts off or in NMI; of a task's
 * on the CPU where it runs, and end() comes there before it runs elsewhere. A
 * context that calls the module's start() or stop() has changing_ set; a nested context
 * that finds it set only records its request, which the first one checks again.
 */
#pragma once

#include "device/aux.hpp"
#include "device/event.hpp"

#include <cxxrt/memory_model.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class aux_filler
{
public:
	explicit aux_filler(event &owner) noexcept : owner_(owner) {}

	/* Before the first begin(). What @source says stays until the last end(). */
	void connect(perfbuf_source &source) noexcept
	{
		source_ = &source;
		ops_ = source.aux;
		owner_.set_aux_cpu(event::no_cpu);
	}

	void begin() noexcept
	{
		/* It went off by itself, and is enabled again. */
		if (wanted_.read())
			return restart();
		wanted_.set(1);
		settle();
	}

	void end() noexcept
	{
		wanted_.set(0);
		settle();
	}

	/* Ends what is open, and goes on. */
	void restart() noexcept
	{
		const u32 wanted = wanted_.exchange(0);

		settle();
		wanted_.set(wanted);
		settle();
	}

	/* Makes it so. */
	void settle() noexcept;

	/* @head: as stream::hold_aux() has it. */
	bool hold(u64 &head) noexcept
	{
		u32 expected = 0;

		/* Only a shared area has none, and holds itself. */
		if (!ops_->hold)
			return true;
		/*
		 * Start() or stop(), which we interrupted, may have written beyond what is
		 * published, and does not know of hold().
		 */
		if (!changing_.try_cmpxchg(expected, 1))
			return false;
		holding_ = true;
		if (running_.read())
			head = ops_->hold(source_, as_stream(owner_), head);
		return true;
	}

	void release() noexcept
	{
		if (!std::exchange(holding_, false))
			return;
		if (ops_->release && running_.read())
			ops_->release(source_, as_stream(owner_));
		changing_.set(0);
		settle();
	}

private:
	bool should_run() const noexcept { return wanted_.read() && !owner_.aux_paused(); }

	event &owner_;
	perfbuf_source *source_ = nullptr;
	const perfbuf_aux *ops_ = nullptr;
	cxxrt::local<u32> wanted_;
	cxxrt::local<u32> running_;
	cxxrt::local<u32> changing_;
	bool holding_ = false; /* by one at a time: event::hold_aux() */
};

inline void aux_filler::settle() noexcept
{
	u32 expected = 0;

	while (should_run() != static_cast<bool>(running_.read()) &&
	       changing_.try_cmpxchg(expected, 1)) {
		const bool run = should_run();

		if (run != static_cast<bool>(running_.read())) {
			running_.set(run);
			if (run)
				owner_.set_aux_cpu(static_cast<s32>(pb_this_cpu()));
			(run ? ops_->start : ops_->stop)(source_, as_stream(owner_));
			if (!run)
				owner_.set_aux_cpu(event::no_cpu);
		}
		cxxrt::barrier();
		changing_.set(0);
		/* Once more, for a writer that interrupted this one and left its request. */
		cxxrt::barrier();
	}
}

} // namespace perfbuf
