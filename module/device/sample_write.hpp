/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The write path of samples, inline: for sample.cpp, and for typed events, in
 * which each instruction counts. Any context, preemption off.
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
inline u64 sample_writer::head_word(const sample &what, u32 bytes) noexcept
{
	const u64 misc = what.user ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL;

	return PERF_RECORD_SAMPLE | misc << 32 | u64{bytes} << 48;
}

inline void sample_writer::fill_fixed(u64 *to, const sample &what, const moment &when,
				      u32 bytes) const noexcept
{
	const u64 fields = fields_;

	*to++ = head_word(what, bytes);
	if (fields & PERF_SAMPLE_IDENTIFIER)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_IP)
		*to++ = what.ip;
	if (fields & PERF_SAMPLE_TID)
		*to++ = when.pid | u64{when.tid} << 32;
	if (fields & PERF_SAMPLE_TIME)
		*to++ = when.time;
	if (fields & PERF_SAMPLE_ADDR)
		*to++ = what.address;
	if (fields & PERF_SAMPLE_ID)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_STREAM_ID)
		*to++ = owner_.id();
	if (fields & PERF_SAMPLE_CPU)
		*to++ = when.cpu;
	if (fields & PERF_SAMPLE_PERIOD)
		*to++ = what.period;
}

/* Of RAW, with its size and its padding. */
inline u32 sample_writer::raw_field_bytes(const sample &what) const noexcept
{
	return has_raw() ? cxxrt::round_up<u32>(sizeof(u32) + what.raw_bytes, sizeof(u64)) : 0;
}

inline void sample_writer::put_raw_size(reservation &record, const sample &what) const noexcept
{
	if (has_raw())
		record.put(raw_field_bytes(what) - static_cast<u32>(sizeof(u32)));
}

inline void *sample_writer::begin_in_place(const sample &what, u32 in_place_bytes,
					   void *record) const noexcept
{
	const bool has_fields = fixed_bytes_ != sizeof(perf_event_header);
	const moment when = owner_.now_here();
	const u32 bytes = fixed_bytes_ + raw_field_bytes(what);

	if (!owner_.begin_at(record, bytes, when)) [[unlikely]]
		return nullptr;

	const u32 raw_at = fixed_bytes_ + static_cast<u32>(sizeof(u32));
	const u32 raw_size = bytes - raw_at;
	/* All of it, if nothing follows what stands in place. */
	const bool is_whole = in_place_bytes == what.raw_bytes;
	const u32 wanted = is_whole ? bytes : raw_at + in_place_bytes;
	char *at = static_cast<char *>(static_cast<reservation *>(record)->claim(wanted));

	if (!at) [[unlikely]] {
		put_head(*static_cast<reservation *>(record), what, when, bytes);
		return record;
	}
	if (has_fields)
		fill_fixed(reinterpret_cast<u64 *>(at), what, when, bytes);
	else
		*reinterpret_cast<u64 *>(at) = head_word(what, bytes);
	/* The padding is among the last 8 bytes; the payload is stored over the others. */
	if (is_whole)
		*reinterpret_cast<u64 *>(at + bytes - sizeof(u64)) = 0;
	__builtin_memcpy(at + fixed_bytes_, &raw_size, sizeof(raw_size));
	return at + raw_at;
}

inline void sample_writer::finish_in_place(reservation &record) const noexcept
{
	owner_.commit_sample_here(std::move(record));
}

} // namespace perfbuf
