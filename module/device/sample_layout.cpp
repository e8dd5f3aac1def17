// SPDX-License-Identifier: GPL-2.0
/* Compiles the layout of an event's samples when the event opens. Process context. */
#include "device/sample_layout.hpp"

#include <perfbuf/event.h>

namespace perfbuf
{

namespace
{

constexpr u64 time_tid_cpu = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;

bool has_layout(const event &of) noexcept
{
	const perf_event_attr &attr = of.attr();
	const u64 fields = attr.sample_type;

	return fields & PERF_SAMPLE_RAW && !(fields & ~(fixed_fields | PERF_SAMPLE_RAW)) &&
	       !attr.use_clockid && pb_pid_namespace_is_first(of.pid_namespace());
}

} // namespace

sample_layout::sample_layout(const event &of, u32 cpu, u32 raw_bytes) noexcept
{
	const u64 fields = of.attr().sample_type;
	u32 n = 1;

	if (!has_layout(of))
		return;
	cpu_ = cpu;

	const auto add = [&](u64 field, u64 value, u32 need) noexcept {
		if (!(fields & field))
			return u8{0};
		needs_ |= need;
		words_[n] = value;
		return static_cast<u8>(n++);
	};

	add(PERF_SAMPLE_IDENTIFIER, of.id(), 0);
	ip_at_ = add(PERF_SAMPLE_IP, 0, 0);
	ids_at_ = add(PERF_SAMPLE_TID, 0, needs_ids);
	time_at_ = add(PERF_SAMPLE_TIME, 0, needs_time);
	add(PERF_SAMPLE_ADDR, 0, 0);
	add(PERF_SAMPLE_ID, of.id(), 0);
	add(PERF_SAMPLE_STREAM_ID, of.id(), 0);
	add(PERF_SAMPLE_CPU, cpu_, 0);
	add(PERF_SAMPLE_PERIOD, 1, 0);

	word_count_ = n;
	switch (fields & ~u64{PERF_SAMPLE_RAW}) {
	case 0:
		kind_ = kind::raw;
		break;
	case time_tid_cpu:
		kind_ = kind::raw_time_tid_cpu;
		break;
	default:
		kind_ = kind::others;
	}
	/* The fixed part of an event is far below what a record may have. */
	static_assert((fixed_words_max + 1) * sizeof(u64) + PERFBUF_FIXED_MAX <= record_size_max);
	bytes_ = static_cast<u32>(bytes_of(raw_bytes));
	raw_size_ = bytes_ - raw_at() - static_cast<u32>(sizeof(u32));
	head_ = PERF_RECORD_SAMPLE | u64{PERF_RECORD_MISC_KERNEL} << 32;
	whole_head_ = sized(head_, bytes_);
}

void sample_layout::put(reservation &record, u32 bytes, const moment &when) const noexcept
{
	__attribute__((uninitialized)) u64 words[fixed_words_max];

	words[0] = sized(head_, bytes);
	fill_fields(words, when);
	record.copy(words, raw_at());
	record.put(bytes - raw_at() - static_cast<u32>(sizeof(u32)));
}

} // namespace perfbuf
