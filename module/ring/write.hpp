/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The write path of perf_buffer, inline: for the files that write records. No
 * function here allocates, locks, faults or spins.
 */
#pragma once

#include "ring/perf_buffer.hpp"

namespace perfbuf
{

inline reservation::reservation(perf_buffer &ring, u64 position, [[maybe_unused]] u32 bytes,
				u32 wakes_seen) noexcept
	: ring_(&ring), position_(position), end_(position + bytes), begun_ns_(0),
	  wakes_seen_(wakes_seen)
#ifdef PERFBUF_DEBUG
	  ,
	  unwritten_(bytes)
#endif
{
	seek();
}

inline void reservation::seek() noexcept
{
	const storage::span here = ring_->storage_.at(position_);

	address_ = here.address;
	reach_ = here.bytes;
}

inline reservation::reservation(reservation &&other) noexcept
	: ring_(other.ring_), address_(other.address_), reach_(other.reach_),
	  position_(other.position_), end_(other.end_), begun_ns_(other.begun_ns_),
	  wakes_seen_(other.wakes_seen_)
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
		if (!reach_) [[unlikely]]
			seek();

		const u32 now = static_cast<u32>(cxxrt::min<u64>(bytes, reach_));
		const u32 undone = copier(address_, now);
		const u32 done = now - undone;

		address_ += done;
		reach_ -= done;
		position_ += done;
		bytes -= done;
		if (undone) [[unlikely]]
			break;
	}
#ifdef PERFBUF_DEBUG
	unwritten_ += bytes;
#endif
	return bytes;
}

inline void reservation::copy(const void *from, u32 bytes) noexcept
{
	const char *source = static_cast<const char *>(from);

	transfer(bytes, [&source](char *to, u32 now) {
		cxxrt::copy_plain(to, source, now);
		source += now;
		return 0u;
	});
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
		const u32 undone =
			static_cast<u32>(pb_copy_from_user_nofault(to, user_address, now));

		user_address += now - undone;
		return undone;
	});

	zero(unread);
	return unread;
}

inline void reservation::commit() noexcept
{
#ifdef PERFBUF_DEBUG
	if (unwritten_)
		cxxrt_warn("perfbuf: a record is smaller than its reservation");
#endif
	perf_buffer *ring = ring_;

	ring_ = nullptr;
	if (begun_ns_) [[unlikely]]
		ring_stats::raise(ring->stats_->longest, pb_duration_clock_ns() - begun_ns_);
	ring->publish(wakes_seen_);
}

inline void *reservation::claim(u32 bytes) noexcept
{
	if (!reach_) [[unlikely]]
		seek();
	if (reach_ < bytes) [[unlikely]]
		return nullptr;

	void *here = address_;

	skip(bytes);
	return here;
}

inline void reservation::discard(u32 bytes, const record_origin &origin) noexcept
{
	position_ = end_ - bytes;
#ifdef PERFBUF_DEBUG
	unwritten_ = 0;
#endif
	if (!ring_->unreserve(position_, bytes)) {
#ifdef PERFBUF_DEBUG
		unwritten_ = bytes;
#endif
		seek();
		perf_buffer::fill_discarded(*this, bytes, origin);
	}
	ring_->stats_->records.add(-1);
	commit();
}

inline u64 perf_buffer::capacity() const noexcept
{
	/* Discard mode keeps head and tail apart, and both are multiples of 8. */
	return overwrite_ ? size() : size() - record_alignment;
}

inline cxxrt::result<reservation> perf_buffer::reserve(u64 bytes) noexcept
{
	/*
	 * Before the entry: a writer that is nested in us from the entry on leaves its wakeup to
	 * us, and would be overlooked if we had already seen it here.
	 */
	const u32 wakes_seen = wakes_.read();

	/*
	 * Enter first: from here on nobody nested in us publishes, so what we reserve stays hidden
	 * until we have filled it.
	 */
	nest_.add(1);

	u64 head = head_.read();
	u64 tail;
	u64 next;

	do {
		/*
		 * Hostile: masked below, and it can only free or hide its owner's own records. Read
		 * after head, and again when head has moved: against a later head, an old tail
		 * looks a whole ring ahead, and unread records would be overwritten.
		 */
		tail = cxxrt::read_once(user_page_->data_tail);
		if (!overwrite_) {
			const u64 room = backward_ ? circ_space(tail, head, mask_)
						   : circ_space(head, tail, mask_);

			if (room < bytes) [[unlikely]] {
				/*
				 * Full always wakes, once for each head: a head never comes again,
				 * while a tail that is stored modulo the size does.
				 */
				if (full_head_.read() != head) {
					full_head_.set(head);
					request_wakeup();
				}
				publish(wakes_seen);
				return cxxrt::error(ENOSPC);
			}
		}
		/*
		 * A, pairs with D in the reader (advance): the branch above depends on the load of
		 * data_tail, so the stores of data cannot come before it.
		 */
		next = backward_ ? head - bytes : head + bytes;
	} while (!head_.try_cmpxchg(head, next));

	/* A stream that runs downwards has come as far as its negated head. */
	const u64 distance = backward_ ? 0 - next : next;

	/*
	 * Signed: the stamp is ahead of us where a nested writer has passed us, or where a record
	 * was given up. Unsigned, every record would wake from then on.
	 */
	if (static_cast<s64>(distance - wakeup_stamp_.read()) > static_cast<s64>(watermark_))
		[[unlikely]] {
		wakeup_stamp_.add(watermark_);
		request_wakeup();
	}
	reservation made(*this, backward_ ? next : head, static_cast<u32>(bytes), wakes_seen);

	if (watched_.read_once()) [[unlikely]] {
		note_reservation(next, tail);
		made.begun_ns_ = pb_duration_clock_ns();
	}
	return made;
}

inline bool perf_buffer::unreserve(u64 position, u32 bytes) noexcept
{
	u64 end = backward_ ? position : position + bytes;

	/*
	 * In overwrite mode the record stands where the oldest ones stood: taking the head back
	 * would show it as the oldest.
	 */
	return !overwrite_ && head_.try_cmpxchg(end, backward_ ? position + bytes : position);
}

inline cxxrt::result<reservation> perf_buffer::begin(u32 bytes,
						     const record_origin &origin) noexcept
{
	if (paused_.read_once()) [[unlikely]]
		return refuse(loss_cause::paused, EAGAIN);
	if (bytes > record_max_) [[unlikely]]
		return refuse(loss_cause::too_big, E2BIG);

	const bool owes = lost_.read();
	u64 total = bytes;

	if (owes) [[unlikely]]
		total += sizeof(lost_record) + origin.trailer_bytes;

	/* A record that fits only alone goes alone; the loss is told with the next. */
	const bool tells = owes && total <= capacity();
	cxxrt::result<reservation> reserved = reserve(tells ? total : bytes);

	if (!reserved) [[unlikely]]
		return refuse(loss_cause::full, ENOSPC);

	reservation record = reserved.take();

	if (tells) [[unlikely]]
		report_loss(record, origin);
	stats_->records.add(1);
	return record;
}

inline void perf_buffer::publish(u32 wakes_seen) noexcept
{
	const u32 nest = nest_.read();

	/* Nested: the outermost publishes for us. Nobody else changes nest_ while we are inside. */
	if (nest > 1) {
		nest_.set(nest - 1);
		return;
	}

	u64 head;

	for (;;) {
		/*
		 * The load of head_ stays behind the entry: a head that was loaded before a nested
		 * writer published would take data_head backwards.
		 */
		cxxrt::barrier();
		head = head_.read();

		/* B, pairs with C in the reader (data_head): the records are there before the head.
		 */
		cxxrt::smp_wmb();
		cxxrt::write_once(user_page_->data_head, head);
		/* While nobody else publishes, or an older count could be the last. */
		stats_->bytes.set(backward_ ? 0 - head : head);

		/* Leave after publishing: one that enters now publishes a later head, not we an
		 * earlier. */
		cxxrt::barrier();
		nest_.set(0);

		/*
		 * Look once more after leaving: a writer that was nested until now reserved and
		 * left its publication to us.
		 */
		cxxrt::barrier();
		if (head == head_.read()) [[likely]]
			break;
		nest_.set(1);
	}

	latency_.published();
	if (wakes_seen != wakes_.read()) [[unlikely]]
		wakeup();
}

inline cxxrt::result<reservation>
perf_buffer::begin_discardable(u32 bytes, const record_origin &origin) noexcept
{
	if (bytes < sizeof(lost_record) + origin.trailer_bytes) [[unlikely]]
		return cxxrt::error(EINVAL);
	return begin(bytes, origin);
}

inline void perf_buffer::count_event(u32 every) noexcept
{
	if (!every)
		return;

	u32 seen = events_.read();
	u32 next;

	/* One step, or nested writers would each take the same events for a wakeup of theirs. */
	do
		next = seen + 1 >= every ? 0 : seen + 1;
	while (!events_.try_cmpxchg(seen, next));
	if (!next)
		request_wakeup();
}

} // namespace perfbuf
