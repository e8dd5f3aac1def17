/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path of perf_buffer, inline: for the files that write records. No
 * function here allocates, locks, faults or spins. The slow path is ring/write.cpp.
 */
#pragma once

#include "ring/perf_buffer.hpp"

namespace perfbuf
{

/* ---------------------------------------------------------------- reservations */

[[gnu::always_inline]] inline reservation::reservation(perf_buffer &ring, u64 position,
						       [[maybe_unused]] u32 bytes) noexcept
	: ring_(&ring), start_(position)
#ifdef PERFBUF_DEBUG
	  ,
	  unwritten_(bytes)
#endif
{
	seek(position);
}

[[gnu::always_inline]] inline reservation::reservation(perf_buffer &ring, contiguous_record where,
						       u32 bytes) noexcept
	: ring_(&ring), address_(where.address), end_(where.address + bytes), span_(where.position),
	  start_(where.position)
#ifdef PERFBUF_DEBUG
	  ,
	  unwritten_(bytes)
#endif
{
}

[[gnu::always_inline]] inline void reservation::seek(u64 position) noexcept
{
	const storage::span here = ring_->storage_.at(position);

	address_ = here.address;
	end_ = here.address + here.bytes;
	span_ = position;
}

inline void reservation::seek_next() noexcept
{
	seek(ring_->storage_.chunk_end(span_));
}

[[gnu::always_inline]] inline reservation::reservation(reservation &&other) noexcept
	: ring_(other.ring_), address_(other.address_), end_(other.end_), span_(other.span_),
	  start_(other.start_)
#ifdef PERFBUF_DEBUG
	  ,
	  unwritten_(other.unwritten_)
#endif
{
	other.ring_ = nullptr;
}

inline reservation::~reservation()
{
#ifdef PERFBUF_DEBUG
	if (ring_)
		cxxrt_warn("perfbuf: a reservation was neither committed nor moved");
#endif
}

template <typename Copier>
inline u32 reservation::transfer(u32 bytes, Copier &&copier) noexcept
{
#ifdef PERFBUF_DEBUG
	if (bytes > unwritten_)
		cxxrt_warn("perfbuf: a record is larger than its reservation");
	unwritten_ -= bytes;
#endif
	while (bytes) {
		if (!span_left()) [[unlikely]]
			seek_next();

		const u32 now = static_cast<u32>(cxxrt::min<u64>(bytes, span_left()));
		const u32 uncopied = copier(address_, now);
		const u32 done = now - uncopied;

		address_ += done;
		bytes -= done;
		if (uncopied) [[unlikely]]
			break;
	}
#ifdef PERFBUF_DEBUG
	unwritten_ += bytes;
#endif
	return bytes;
}

[[gnu::always_inline]] inline void reservation::copy(const void *from, u64 bytes) noexcept
{
	char *to = address_;
	char *behind = to + bytes;

	if (behind > end_) [[unlikely]] {
		copy_across(from, static_cast<u32>(bytes));
		return;
	}

#ifdef PERFBUF_DEBUG
	if (bytes > unwritten_)
		cxxrt_warn("perfbuf: a record is larger than its reservation");
	unwritten_ -= static_cast<u32>(bytes);
#endif
	address_ = behind;
	cxxrt::copy_plain(to, from, bytes);
}

inline void reservation::zero(u32 bytes) noexcept
{
	transfer(bytes, [](char *to, u32 now) {
		cxxrt::zero_plain(to, now);
		return 0u;
	});
}

inline void reservation::skip(u32 bytes) noexcept
{
	transfer(bytes, [](char *, u32) { return 0u; });
}

inline u32 reservation::copy_from_user(u64 user_address, u32 bytes) noexcept
{
	const u32 unread = transfer(bytes, [&user_address](char *to, u32 now) {
		const u32 uncopied =
			static_cast<u32>(pb_copy_from_user_nofault(to, user_address, now));

		user_address += now - uncopied;
		return uncopied;
	});

	zero(unread);
	return unread;
}

[[gnu::always_inline]] inline void reservation::commit() noexcept
{
#ifdef PERFBUF_DEBUG
	if (unwritten_)
		cxxrt_warn("perfbuf: a record is smaller than its reservation");
#endif
	perf_buffer &ring = *ring_;

#ifdef PERFBUF_DEBUG
	ring_ = nullptr;
#endif
	ring.publish();
}

inline void *reservation::next_contiguous(u32 bytes) noexcept
{
	if (!span_left()) [[unlikely]]
		seek_next();
	if (span_left() < bytes) [[unlikely]]
		return nullptr;

	void *here = address_;

	skip(bytes);
	return here;
}

inline void reservation::discard(u32 bytes, const record_origin &origin, u32 records) noexcept
{
#ifdef PERFBUF_DEBUG
	unwritten_ = 0;
#endif
	if (!ring_->unreserve(start_, bytes)) {
#ifdef PERFBUF_DEBUG
		unwritten_ = bytes;
#endif
		seek(start_);
		perf_buffer::fill_discarded(*this, bytes, origin);
	}
	ring_->records_.add(0 - u64{records});
	commit();
}

/* ---------------------------------------------------------------- reserving */

/*
 * A: a limit that was set from data_tail is behind a branch on it (set_limit()), and the branch
 * below depends on the limit. So the stores of data cannot come before the load of the tail.
 *
 * The caller has entered, so no other writer moves the limit or the base meanwhile; a nested writer
 * only closes the limit.
 */
template <bool backward>
[[gnu::always_inline]] inline bool perf_buffer::reserve_within_limit(u64 bytes,
								     contiguous_record &to) noexcept
{
	u64 head = head_.read();
	const u64 next = backward ? head - bytes : head + bytes;

	if (backward ? !floor_.not_after(next) : !limit_.not_before(next)) [[unlikely]]
		return false;
	/* A nested writer reserved in between: the slow path starts anew. */
	if (!head_.try_cmpxchg(head, next)) [[unlikely]]
		return false;
	to.position = backward ? next : head;
	to.address = reinterpret_cast<char *>(base_.plus(to.position));
	return true;
}

template <bool backward>
[[gnu::always_inline]] inline bool perf_buffer::try_reserve(u64 bytes,
							    contiguous_record &to) noexcept
{
	/* From here on no nested writer publishes, so the record stays hidden until it is
	 * filled. */
	nest_.add(1);
	if (!reserve_within_limit<backward>(bytes, to)) [[unlikely]]
		return false;
	count_record();
	return true;
}

[[gnu::always_inline]] inline cxxrt::result<reservation>
perf_buffer::begin(u32 bytes, const record_origin &origin) noexcept
{
	contiguous_record where;

	if (try_reserve(bytes, where)) [[likely]]
		return reservation(*this, where, bytes);

	const reserve_result found = reserve_slow(bytes, origin);

	if (found.code) [[unlikely]]
		return cxxrt::error(found.code);
	return reservation(*this, found.position, bytes);
}

[[gnu::always_inline]] inline int perf_buffer::begin_at(void *to, u64 bytes,
							const record_origin &origin) noexcept
{
	contiguous_record where;

	if (try_reserve(bytes, where)) [[likely]] {
		::new (to) reservation(*this, where, static_cast<u32>(bytes));
		return 0;
	}
	/* A backward ring is tried here, without a call. The floor of a forward ring is always
	 * closed. */
	if (reserve_within_limit<true>(bytes, where)) [[likely]] {
		count_record();
		::new (to) reservation(*this, where, static_cast<u32>(bytes));
		return 0;
	}
	return reserve_at_slow(to, bytes, origin);
}

[[gnu::always_inline]] inline void *
perf_buffer::reserve_contiguous(u64 bytes, const record_origin &origin) noexcept
{
	contiguous_record where;

	/* As in begin_at(). */
	if (!try_reserve(bytes, where)) [[unlikely]] {
		if (!reserve_within_limit<true>(bytes, where)) [[unlikely]]
			return reserve_contiguous_slow(bytes, origin);
		count_record();
	}
	return where.address;
}

inline cxxrt::result<reservation>
perf_buffer::begin_discardable(u32 bytes, const record_origin &origin) noexcept
{
	if (bytes < sizeof(lost_record) + origin.trailer_bytes) [[unlikely]]
		return cxxrt::error(EINVAL);
	return begin(bytes, origin);
}

inline cxxrt::result<reservation> perf_buffer::begin_burst(u32 bytes, u32 records,
							   const record_origin &origin) noexcept
{
	cxxrt::result<reservation> begun = begin(bytes, origin);

	count_burst(records, begun ? 0 : begun.error().code());
	return begun;
}

inline void perf_buffer::count_burst(u32 records, int code) noexcept
{
	if (!code) [[likely]]
		records_.add(records - 1);
	else
		count_loss(loss_cause_of(cxxrt::error(code)), records - 1);
}

inline void perf_buffer::note_loss(loss_cause cause, u32 records) noexcept
{
	stats_->lost.count(cause, records);
	lost_.add(records);
	/* After the count: see has_loss(). A nested writer's report may have removed it. */
	if (!reasons_.has(slow_path_reasons::pending_loss)) [[unlikely]]
		add_reason(slow_path_reasons::pending_loss);
}

/* ---------------------------------------------------------------- publishing */

[[gnu::always_inline]] inline void perf_buffer::publish_head(u64 head) noexcept
{
	/* B, pairs with C in the reader (data_head): the records are stored before the head. */
	cxxrt::smp_wmb();
	cxxrt::write_once(user_page_->data_head, head);
	/* Pairs with readable(): a reader that poll() wakes finds this data_head. */
	published_.store_release(head);
}

[[gnu::always_inline]] inline perf_buffer::committed perf_buffer::try_commit_alone() noexcept
{
	/*
	 * The load of head_ stays behind the entry: a head that was loaded before a nested
	 * writer published would take data_head backwards.
	 */
	cxxrt::barrier();
	const u64 head = head_.read();

	publish_head(head);

	/*
	 * Exit after publishing: a writer that enters now publishes a later head, so we cannot
	 * overwrite it with an earlier one. The decrement also shows whether a nested writer
	 * requested something since try_commit() read nest_.
	 */
	cxxrt::barrier();
	return nest_.dec_and_test() ? committed::done : committed::overtaken;
}

[[gnu::always_inline]] inline perf_buffer::committed perf_buffer::try_commit() noexcept
{
	/* Nested, timed for the statistics, or with requests. */
	if (!nest_.equals(1)) [[unlikely]]
		return committed::unpublished;
	return try_commit_alone();
}

[[gnu::always_inline]] inline void perf_buffer::publish() noexcept
{
	/* Calls the slow paths directly instead of commit_slow(): gcc would otherwise materialise
	 * the enum on the fast path. */
	switch (try_commit()) {
	case committed::done:
		return;
	case committed::unpublished:
		return publish_slow();
	case committed::overtaken:
		return publish_again();
	}
}

inline bool perf_buffer::unreserve(u64 position, u32 bytes) noexcept
{
	u64 end = backward_ ? position : position + bytes;
	const u64 begin = backward_ ? position + bytes : position;

	/*
	 * In overwrite mode the record has overwritten the oldest ones: with the head moved back,
	 * a reader would take it for the oldest.
	 */
	if (overwrite_)
		return false;
	/* If the head moves back to before the limit's span, base_ is wrong there. */
	if (static_cast<s64>(progress(begin) - limit_from_.read()) < 0)
		close_limit();
	return head_.try_cmpxchg(end, begin);
}

inline void perf_buffer::count_event(u32 every, u32 records) noexcept
{
	if (!every)
		return;

	u32 seen = events_.read();
	u32 next;

	/* One atomic step: otherwise nested writers would each count the same events for a wakeup
	 * of their own. */
	do
		next = seen + records >= every ? 0 : seen + records;
	while (!events_.try_cmpxchg(seen, next));
	if (!next)
		request_wakeup();
}

} // namespace perfbuf
