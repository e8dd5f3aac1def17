/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contents of the stream, by the contract: every record that was committed,
 * whole, once, in the order of its context, and PERF_RECORD_LOST for every record
 * that was refused.
 */
#pragma once

#include "ring/perf_buffer.hpp"

#include <vector>

namespace perfbuf::oracle
{

inline constexpr u32 contexts = 3; /* task, irq, NMI */
inline constexpr u64 trailer_word = 0x7261696c7472ULL;

/* Word @index of the record @id. */
inline u64 word_of(u64 id, u32 index) noexcept
{
	return (id + 1) * 0x9e3779b97f4a7c15ULL ^ index;
}

class stream
{
public:
	stream(perf_buffer &ring, u32 trailer_bytes);

	/* The writers' side. */
	u64 attempt(u32 context, u32 bytes);
	void refused(u64 id);
	void begun(u64 id) { records_[id].begun = true; }
	void finished(u64 id) { records_[id].finished = true; }
	/* Its reader is to be woken for it; and for all that were begun until now. */
	void wants_wakeup(u64 id) { records_[id].wakes = true; }
	void all_want_wakeup();
	void given_up(u64 id) { records_[id].given_up = true; }

	/* The records that data_head has published since the last call. nullptr, or the promise
	 * that is broken. */
	const char *look();
	/* The same of everything between @from and @to, lower positions first, which look() has
	 * seen. */
	const char *look_again(u64 from, u64 to) const;
	/* Overwrite mode, backward: of the records from data_head on. */
	const char *look_back() const;
	/* Of the counts of the ring; all have left. */
	const char *check_counts() const;

	/* The record at @position, without a check. */
	u32 bytes_at(u64 position) const
	{
		return __builtin_bit_cast(perf_event_header, word(position)).size;
	}
	/* Losses that no PERF_RECORD_LOST has reported; no writer is inside. */
	u64 pending_losses() const { return refused_ > reported_ ? refused_ - reported_ : 0; }
	bool reports_too_much() const { return reported_ > refused_; }
	/* The stream up to here has a record that wants a wakeup. */
	u64 wanted() const { return wanted_; }
	/* Bytes, as the statistics have them: from position 0 on. */
	u64 published() const;

private:
	struct record {
		u32 context;
		u32 bytes;
		bool begun, finished, given_up, refused, seen, wakes;
	};

	u64 word(u64 position) const;
	u64 id_at(u64 position) const;
	/* The bytes at @position are those of a record that was committed. */
	const char *check(u64 position, u64 end) const;
	const char *take(u64 position);

	perf_buffer &ring_;
	const u32 trailer_bytes_;
	const u64 start_;
	std::vector<char *> pages_;
	std::vector<record> records_;
	u64 seen_;		    /* data_head at the last look */
	u64 newest_[contexts] = {}; /* id + 1 of the last that was seen */
	u64 wanted_;
	u64 refused_ = 0;
	u64 reported_ = 0;
	bool gap_ = false; /* overwrite mode: records went by unseen */
};

} // namespace perfbuf::oracle
