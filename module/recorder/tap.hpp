/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A typed event on its way into a recorder's ring, on one CPU: to the event it is a reader like any
 * other, but without a file. So it takes the fast path of a reader that is alone.
 */
#pragma once

#include "device/sample.hpp"
#include "producer/output.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

/* sample_type of all records of a recorder. */
inline constexpr u64 recorded_fields =
	PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;

class tap
{
public:
	/* @into and @shared outlive it. */
	tap(u32 id, u32 cpu, output_shared &shared, perf_buffer &into) noexcept;

	/* ENOMEM. Process context, may sleep. */
	cxxrt::result<void> set_up() noexcept;
	/* On its CPU with interrupts off, or while nothing can be emitted there. */
	void attach() noexcept { output_.start(0); }
	void detach() noexcept { output_.stop(); }

private:
	static perf_event_attr attr_of(u32 id) noexcept;

	/* No reader sleeps on a recorder. */
	struct no_file final : wake_target {
		void wake() noexcept override {}
	};

	no_file file_;
	event event_;
	sample_writer writer_;
	output output_;
};

} // namespace perfbuf
