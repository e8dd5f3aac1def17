// SPDX-License-Identifier: GPL-2.0
#include "device/sample_form.hpp"

namespace perfbuf
{

namespace
{

constexpr u64 usual_fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;

bool has_form(const event &of) noexcept
{
	const perf_event_attr &attr = of.attr();
	const u64 fields = attr.sample_type;

	return of.cpu() >= 0 && fields & PERF_SAMPLE_RAW &&
	       !(fields & ~(fixed_fields | PERF_SAMPLE_RAW)) && !attr.use_clockid &&
	       /* They are not counted towards a wakeup. */
	       (attr.watermark || !attr.wakeup_events) &&
	       pb_pid_namespace_is_first(of.pid_namespace());
}

} // namespace

sample_form::sample_form(const event &of, u32 raw_bytes) noexcept : raw_bytes_(raw_bytes)
{
	const u64 fields = of.attr().sample_type;
	const u64 raw_field = cxxrt::round_up<u64>(sizeof(u32) + u64{raw_bytes}, sizeof(u64));
	u32 n = 1;

	if (!has_form(of) || fixed_words_max * sizeof(u64) + raw_field > record_size_max)
		return;
	cpu_ = static_cast<u64>(of.cpu());

	const auto add = [&](u64 field, u64 value) noexcept {
		if (!(fields & field))
			return u8{0};
		words_[n] = value;
		return static_cast<u8>(n++);
	};

	add(PERF_SAMPLE_IDENTIFIER, of.id());
	ip_at_ = add(PERF_SAMPLE_IP, 0);
	ids_at_ = add(PERF_SAMPLE_TID, 0);
	time_at_ = add(PERF_SAMPLE_TIME, 0);
	add(PERF_SAMPLE_ADDR, 0);
	add(PERF_SAMPLE_ID, of.id());
	add(PERF_SAMPLE_STREAM_ID, of.id());
	add(PERF_SAMPLE_CPU, cpu_);
	add(PERF_SAMPLE_PERIOD, 1);

	word_count_ = n;
	is_usual_ = fields == usual_fields;
	bytes_ = static_cast<u32>(raw_at() + raw_field);
	raw_size_ = static_cast<u32>(raw_field - sizeof(u32));
	head_ = PERF_RECORD_SAMPLE | u64{PERF_RECORD_MISC_KERNEL} << 32 | u64{bytes_} << 48;
	words_[0] = head_;
}

void sample_form::put(reservation &record, u64 ip, const stamp &when) const noexcept
{
	__attribute__((uninitialized)) u64 words[fixed_words_max];

	words[0] = head_;
	fill_fields(words, ip, when);
	record.copy(words, raw_at());
	record.put(raw_size_);
}

} // namespace perfbuf
