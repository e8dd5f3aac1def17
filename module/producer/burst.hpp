/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A burst: several records of one event, under one reservation and one publication
 * for each reader. The caller stores the payloads, one after the other, for one
 * reader after the other:
 *
 *   in place   into the ring, if the reader has no filter, its samples have a layout, and the
 *              burst is contiguous. The caller finds the next payload by itself
 *   writing    into the spare, from where each is copied into the reservation, in all other cases
 *   matching   into the spare, where the reader's filter looks at each; then those that match are
 *              written, under a reservation for as many
 *   singly     into the spare, and each becomes a record of its own, if the reader's samples have
 *              no layout, or not each occurrence is a sample
 *
 * Interrupts are off throughout, as in an emission (producer/emission.hpp), whose state a burst
 * shares.
 */
#pragma once

#include "producer/emission.hpp"

#include <perfbuf/burst.h>

namespace perfbuf
{

class burst
{
public:
	/* Returns where the payload of record index_ goes; nullptr: the burst has ended. */
	void *begin(event_cpu &here, u64 common, nesting level, u32 records) noexcept;
	/* The caller has stored the payload of record index_, which is last_. Returns as begin().
	 */
	void *next() noexcept;

	static burst &of(perfbuf_burst *raw) noexcept { return *reinterpret_cast<burst *>(raw); }

private:
	enum class step : u32 { in_place, writing, matching, singly };

	static constexpr void check() noexcept;

	/* A bit for each record. */
	u64 all() const noexcept { return ~u64{0} >> (PERFBUF_BURST_MAX - records_); }

	void *over() noexcept;
	void *open_next(output *from) noexcept;
	void *open(output &to) noexcept;
	void *open_in_place(output &to, perf_buffer &into, contiguous_record where) noexcept;
	void *open_by_reservation(output &to, perf_buffer &into) noexcept;
	void *open_matching(output &to) noexcept;
	/* Begins @next: the caller stores the payloads of @which into the spare, one by one. */
	void *start(step next, u64 which, bool newest_first = false) noexcept;
	void *next_record() noexcept;
	void write_singly(output &to) noexcept;
	void commit() noexcept;

	template <sample_layout::kind of>
	void fill(const sample_layout &layout, char *at, u32 bytes) noexcept;

	/* struct perfbuf_burst. */
	u32 index_;
	u32 last_;
	s64 stride_;
	u64 left_;	    /* the records of this step that the caller has not stored yet */
	u64 matches_;	    /* the records that match the filter, and are written */
	perf_buffer *into_; /* in place */
	u8 records_;
	bool newest_first_; /* a backward ring: the caller stores the last record first */
	bool hidden_done_;  /* the readers that may not see pointers have had the burst */
	step step_;
	emission emission_; /* at_: the reader whose records are stored */
};

static_assert(sizeof(burst) <= sizeof(perfbuf_burst));

} // namespace perfbuf
