/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that sample.cpp and the layouts of typed events (device/sample_layout.hpp) share. Any
 * context, preemption off.
 */
#pragma once

#include "device/event_write.hpp"
#include "device/sample.hpp"

namespace perfbuf
{

/* A word each, in the order of the record. */
inline constexpr u64 fixed_fields = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				    PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
				    PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
inline constexpr u32 fixed_words_max = 1 + 9;

/* struct perf_event_header as one word. */
inline u64 sample_writer::head_word(const sample &sample, u32 bytes) noexcept
{
	const u64 misc = sample.user ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL;

	return PERF_RECORD_SAMPLE | misc << 32 | u64{bytes} << 48;
}

inline void sample_writer::fill_fixed(u64 *to, const sample &sample, const moment &when,
				      u32 bytes) const noexcept
{
	const u64 fields = fields_;

	*to++ = head_word(sample, bytes);
	if (fields & PERF_SAMPLE_IDENTIFIER)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_IP)
		*to++ = sample.ip;
	if (fields & PERF_SAMPLE_TID)
		*to++ = when.pid | u64{when.tid} << 32;
	if (fields & PERF_SAMPLE_TIME)
		*to++ = when.time;
	if (fields & PERF_SAMPLE_ADDR)
		*to++ = sample.address;
	if (fields & PERF_SAMPLE_ID)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_STREAM_ID)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_CPU)
		*to++ = when.cpu;
	if (fields & PERF_SAMPLE_PERIOD)
		*to++ = sample.period;
}

/* Of RAW, with its size and its padding. */
inline u32 sample_writer::raw_field_bytes(const sample &sample) const noexcept
{
	return has_raw() ? cxxrt::round_up<u32>(sizeof(u32) + sample.raw_bytes, sizeof(u64)) : 0;
}

inline void sample_writer::put_raw_size(reservation &record, const sample &sample) const noexcept
{
	if (has_raw())
		record.put(raw_field_bytes(sample) - static_cast<u32>(sizeof(u32)));
}

} // namespace perfbuf
