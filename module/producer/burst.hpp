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
	/* Where the payload of record index_ goes; nullptr: nowhere, the burst is over. */
	void *begin(event_cpu &here, u64 common, nesting level, u32 records) noexcept;
	/* The payload of record index_ is stored, and it is last_. */
	void *turn() noexcept;

	static burst &of(perfbuf_burst *raw) noexcept { return *reinterpret_cast<burst *>(raw); }

private:
	enum class step : u32 { in_place, writing, matching, singly };

	static constexpr void check() noexcept;

	/* A bit for each record. */
	u64 all() const noexcept { return ~u64{0} >> (PERFBUF_BURST_MAX - records_); }

	void *over() noexcept;
	void *go_on(output *from) noexcept;
	void *open(output &to) noexcept;
	void *open_in_place(output &to, perf_buffer &into, contiguous where) noexcept;
	void *open_entered(output &to, perf_buffer &into) noexcept;
	void *open_matching(output &to) noexcept;
	/* The payloads of @which come into the spare. */
	void *start(step what, u64 which, bool newest_first = false) noexcept;
	void *next_record() noexcept;
	void commit() noexcept;

	template <sample_layout::kind of>
	void fill(const sample_layout &layout, char *at, u32 bytes) noexcept;

	/* struct perfbuf_burst. */
	u32 index_;
	u32 last_;
	s64 stride_;
	u64 left_;	    /* the records that are still to come in this step */
	u64 matches_;	    /* those that the filter let through; that are written */
	perf_buffer *into_; /* in place */
	u8 records_;
	bool newest_first_; /* the last record comes first */
	step step_;
	emission one_; /* at_: the reader whose turn it is */
};

static_assert(sizeof(burst) <= sizeof(perfbuf_burst));

} // namespace perfbuf
