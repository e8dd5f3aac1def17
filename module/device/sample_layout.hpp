/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of samples of raw data and fields of one word. All of such a sample is
 * known when its event is opened, but for the raw data, TID, TIME and IP.
 *
 *   | header | IDENTIFIER IP TID TIME ADDR ID STREAM_ID CPU PERIOD, as asked for | size | raw ... |
 *
 * There is none if samples hold no raw data or a field of another size, or if the event has a
 * clock of its own or is for another pid namespace than the first.
 */
#pragma once

#include "device/sample_write.hpp"

namespace perfbuf
{

class sample_layout
{
public:
	/* By the fields beside the raw data. The first two have a function of their own. */
	enum class kind : u32 { raw, raw_time_tid_cpu, others, none };

	/* Values that must be read when an event is emitted: bits of needs(). */
	static constexpr u32 needs_time = 1;
	static constexpr u32 needs_ids = 2;

	/* The values that differ from sample to sample. */
	struct moment {
		u64 time; /* ns of perf's clock */
		u64 ids;  /* tgid, and tid in the upper half */
		u64 ip;
	};

	/* Of the samples of @of on @cpu, with @raw_bytes of raw data where their number is known.
	 */
	sample_layout(const event &of, u32 cpu, u32 raw_bytes) noexcept;

	kind fields() const noexcept { return kind_; }
	u32 needs() const noexcept { return needs_; }
	bool has_ip() const noexcept { return ip_at_; }
	/* Where the raw data of a record begins; of a layout that the compiler knows. */
	u32 payload_at() const noexcept { return raw_at() + static_cast<u32>(sizeof(u32)); }
	template <kind of>
	static constexpr u32 payload_at_of() noexcept
	{
		static_assert(of == kind::raw || of == kind::raw_time_tid_cpu);
		return sizeof(u32) + sizeof(u64) * (of == kind::raw ? 1 : 4);
	}
	/* Of a whole record with raw_bytes of raw data, and with @raw_bytes. */
	u32 bytes() const noexcept { return bytes_; }
	u64 bytes_of(u64 raw_bytes) const noexcept
	{
		return raw_at() + cxxrt::round_up<u64>(sizeof(u32) + raw_bytes, sizeof(u64));
	}

	/*
	 * Stores all but the raw data into @record, which is contiguous, and returns where that
	 * goes; the padding behind it is zero. @bytes: bytes(), in fill_sized() any number that
	 * bytes_of() returned.
	 */
	template <kind of>
	char *fill(char *record, u64 bytes, const moment &when) const noexcept;
	char *fill_sized(char *record, u32 bytes, const moment &when) const noexcept;
	/* The same into a record of @bytes that is not contiguous; the padding is the caller's. */
	void put(reservation &record, u32 bytes, const moment &when) const noexcept;

private:
	static constexpr u64 sized(u64 head, u32 bytes) noexcept { return head | u64{bytes} << 48; }
	u32 raw_at() const noexcept { return static_cast<u32>(sizeof(u64)) * word_count_; }
	void fill_fields(u64 *to, const moment &when) const noexcept;

	u64 head_ = 0; /* struct perf_event_header, without its size */
	u64 whole_head_ = 0;
	u32 bytes_ = 0;
	u32 raw_size_ = 0; /* what the record says: with the padding */
	kind kind_ = kind::none;
	u32 needs_ = 0;
	u64 cpu_ = 0;
	u32 word_count_ = 0; /* with the header */
	u8 ip_at_ = 0;	     /* which word it is; 0: none */
	u8 ids_at_ = 0;
	u8 time_at_ = 0;
	u64 words_[fixed_words_max] = {};
};

inline void sample_layout::fill_fields(u64 *to, const moment &when) const noexcept
{
	for (u32 i = 1; i < word_count_; i++)
		to[i] = words_[i];
	if (ip_at_)
		to[ip_at_] = when.ip;
	if (ids_at_)
		to[ids_at_] = when.ids;
	if (time_at_)
		to[time_at_] = when.time;
}

template <sample_layout::kind of>
[[gnu::always_inline]] inline char *sample_layout::fill(char *record, u64 bytes,
							const moment &when) const noexcept
{
	u64 *to = reinterpret_cast<u64 *>(record);

	to[0] = whole_head_;
	/* The padding is in the last 8 bytes; the raw data is stored over the others. */
	*reinterpret_cast<u64 *>(record + bytes - sizeof(u64)) = 0;
	if constexpr (of == kind::raw) {
		to += 1;
	} else if constexpr (of == kind::raw_time_tid_cpu) {
		to[1] = when.ids;
		to[2] = when.time;
		to[3] = cpu_;
		to += 4;
	} else {
		fill_fields(to, when);
		to += word_count_;
	}
	*reinterpret_cast<u32 *>(to) = raw_size_;
	return reinterpret_cast<char *>(to) + sizeof(u32);
}

[[gnu::always_inline]] inline char *sample_layout::fill_sized(char *record, u32 bytes,
							      const moment &when) const noexcept
{
	u64 *to = reinterpret_cast<u64 *>(record);

	to[0] = sized(head_, bytes);
	*reinterpret_cast<u64 *>(record + bytes - sizeof(u64)) = 0;
	if (kind_ == kind::raw_time_tid_cpu) {
		to[1] = when.ids;
		to[2] = when.time;
		to[3] = cpu_;
	} else if (kind_ != kind::raw) {
		fill_fields(to, when);
	}
	to += word_count_;
	*reinterpret_cast<u32 *>(to) = bytes - raw_at() - static_cast<u32>(sizeof(u32));
	return reinterpret_cast<char *>(to) + sizeof(u32);
}

} // namespace perfbuf
