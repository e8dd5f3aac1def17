/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The form of samples that differ in their raw data, in where they come from, and
 * in who was running when: all else is known before the first of them.
 *
 *   | header | IDENTIFIER IP TID TIME ADDR ID STREAM_ID CPU PERIOD, as asked for | size | raw ... |
 *
 * Without raw data, with a field of another size, or of an event on any CPU, with a period other
 * than 1 or an own clock, samples have no form.
 */
#pragma once

#include "device/sample_write.hpp"

namespace perfbuf
{

class sample_form
{
public:
	/* None. */
	constexpr sample_form() noexcept = default;
	/* Samples of @of with @raw_bytes of data. */
	sample_form(const event &of, u32 raw_bytes) noexcept;

	explicit operator bool() const noexcept { return bytes_; }
	/* What it was made with, even where there is none. */
	u32 raw_bytes() const noexcept { return raw_bytes_; }
	/* Of the whole record, padded. */
	u32 bytes() const noexcept { return bytes_; }
	/* The samples hold raw data alone; or TID TIME CPU, too, as ftrace and LTTng have them. */
	bool is_lean() const noexcept { return word_count_ == 1; }
	bool is_usual() const noexcept { return is_usual_; }

	/* What is not known before. */
	struct stamp {
		u64 time; /* ns of perf's clock */
		u64 ids;  /* tgid, and tid in the upper half */
	};

	/* All but the raw data, which follows at what it returns. @record: bytes() in one piece;
	 * @bytes: the same. fill_lean(), fill_usual(): of samples that are, fill_any(): of any.
	 */
	char *fill(char *record, u32 bytes, u64 ip, const stamp &when) const noexcept;
	char *fill_any(char *record, u32 bytes, u64 ip, const stamp &when) const noexcept;
	char *fill_lean(char *record, u32 bytes) const noexcept;
	char *fill_usual(char *record, u32 bytes, const stamp &when) const noexcept;
	/* The same of a record that is not. */
	void put(reservation &record, u64 ip, const stamp &when) const noexcept;

private:
	/* The header, and the padding, which is among the last 8 bytes: the data is stored over the
	 * others. */
	u64 *fill_ends(char *record, u32 bytes) const noexcept
	{
		u64 *to = reinterpret_cast<u64 *>(record);

		to[0] = head_;
		*reinterpret_cast<u64 *>(record + bytes - sizeof(u64)) = 0;
		return to;
	}
	char *put_size(u64 *to) const noexcept
	{
		*reinterpret_cast<u32 *>(to) = raw_size_;
		return reinterpret_cast<char *>(to) + sizeof(u32);
	}
	void fill_fields(u64 *to, u64 ip, const stamp &when) const noexcept;
	u32 raw_at() const noexcept { return static_cast<u32>(sizeof(u64)) * word_count_; }

	u64 head_ = 0; /* struct perf_event_header */
	u32 bytes_ = 0;
	u32 raw_bytes_ = 0;
	u32 raw_size_ = 0;   /* what it says: with the padding */
	u32 word_count_ = 0; /* with the header */
	bool is_usual_ = false;
	u8 ip_at_ = 0; /* which word it is; 0: none */
	u8 ids_at_ = 0;
	u8 time_at_ = 0;
	u64 cpu_ = 0;
	u64 words_[fixed_words_max] = {};
};

inline void sample_form::fill_fields(u64 *to, u64 ip, const stamp &when) const noexcept
{
	for (u32 i = 1; i < word_count_; i++)
		to[i] = words_[i];
	if (ip_at_)
		to[ip_at_] = ip;
	if (ids_at_)
		to[ids_at_] = when.ids;
	if (time_at_)
		to[time_at_] = when.time;
}

[[gnu::always_inline]] inline char *sample_form::fill_lean(char *record, u32 bytes) const noexcept
{
	return put_size(fill_ends(record, bytes) + 1);
}

[[gnu::always_inline]] inline char *sample_form::fill_usual(char *record, u32 bytes,
							    const stamp &when) const noexcept
{
	u64 *to = fill_ends(record, bytes);

	to[1] = when.ids;
	to[2] = when.time;
	to[3] = cpu_;
	return put_size(to + 4);
}

[[gnu::always_inline]] inline char *sample_form::fill_any(char *record, u32 bytes, u64 ip,
							  const stamp &when) const noexcept
{
	u64 *to = fill_ends(record, bytes);

	fill_fields(to, ip, when);
	return put_size(to + word_count_);
}

[[gnu::always_inline]] inline char *sample_form::fill(char *record, u32 bytes, u64 ip,
						      const stamp &when) const noexcept
{
	if (is_usual_)
		return fill_usual(record, bytes, when);
	if (is_lean())
		return fill_lean(record, bytes);
	return fill_any(record, bytes, ip, when);
}

} // namespace perfbuf
