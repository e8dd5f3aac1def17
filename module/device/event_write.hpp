/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The write path of an event, inline, for the files in which each instruction
 * counts. The others call what event.hpp declares. Any context, preemption off.
 */
#pragma once

#include "device/origin.hpp"

namespace perfbuf
{

inline moment event::now_here() const noexcept
{
	const u64 wanted = attr_.sample_type;
	moment made = {};

	if (wanted & PERF_SAMPLE_TIME)
		made.time = pb_clock_ns(attr_.use_clockid ? attr_.clockid : -1);
	if (wanted & PERF_SAMPLE_TID)
		pb_current_ids(pid_namespace_, &made.pid, &made.tid);
	if (wanted & PERF_SAMPLE_CPU)
		made.cpu = pb_this_cpu();
	return made;
}

inline cxxrt::result<reservation> event::begin_here(u32 bytes, const moment &when) noexcept
{
	perf_buffer *into = ring();

	if (!into) [[unlikely]] {
		count_no_ring();
		return cxxrt::error(ENOSPC);
	}

	/* Kernels that zero every variable would do so here for each record. */
	__attribute__((uninitialized)) cxxrt::result<reservation> begun =
		into->begin(bytes, origin(*this, when));

	if (begun) [[likely]]
		records_.add(1);
	else
		note(*into, begun.error().code());
	return begun;
}

inline bool event::begin_at(void *to, u32 bytes, const moment &when, u32 records) noexcept
{
	perf_buffer *into = ring();

	if (!into) [[unlikely]] {
		count_no_ring(records);
		signal_without_ring();
		return false;
	}

	const int why = into->begin_at(to, bytes, origin(*this, when));

	if (records > 1)
		into->count_burst(records, why);
	note(*into, why, records);
	return !why;
}

inline void event::commit_sample_here(reservation record) noexcept
{
	if (!attr_.watermark)
		record.ring().count_event(attr_.wakeup_events);
	record.commit();
}

} // namespace perfbuf
