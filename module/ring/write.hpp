/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The write path of perf_buffer, inline: for the files that write records. No
 * function here allocates, locks, faults or spins. What runs for every record is
 * inlined always; what is rare is in perf_buffer.cpp.
 */
#pragma once

#include "ring/perf_buffer.hpp"

namespace perfbuf
{

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

[[gnu::always_inline]] inline void reservation::seek(u64 position) noexcept
{
	const storage::span here = ring_->storage_.at(position);

	address_ = here.address;
	end_ = here.address + here.bytes;
	chunk_ = position;
}

inline void reservation::seek_next() noexcept
{
	seek(ring_->storage_.chunk_end(chunk_));
}

[[gnu::always_inline]] inline reservation::reservation(reservation &&other) noexcept
	: ring_(other.ring_), address_(other.address_), end_(other.end_), chunk_(other.chunk_),
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
		if (!reach()) [[unlikely]]
			seek_next();

		const u32 now = static_cast<u32>(cxxrt::min<u64>(bytes, reach()));
		const u32 undone = copier(address_, now);
		const u32 done = now - undone;

		address_ += done;
		bytes -= done;
		if (undone) [[unlikely]]
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
		const u32 undone =
			static_cast<u32>(pb_copy_from_user_nofault(to, user_address, now));

		user_address += now - undone;
		return undone;
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

inline void *reservation::claim(u32 bytes) noexcept
{
	if (!reach()) [[unlikely]]
		seek_next();
	if (reach() < bytes) [[unlikely]]
		return nullptr;

	void *here = address_;

	skip(bytes);
	return here;
}

inline void reservation::discard(u32 bytes, const record_origin &origin) noexcept
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
	ring_->records_.add(-1);
	commit();
}

inline u64 perf_buffer::capacity() const noexcept
{
	/* Discard mode keeps head and tail apart, and both are multiples of 8. */
	return overwrite_ ? size() : size() - record_alignment;
}

[[gnu::always_inline]] inline u64 perf_buffer::room(bool backward, u64 head,
						    u64 tail) const noexcept
{
	return backward ? circ_space(tail, head, mask_) : circ_space(head, tail, mask_);
}

template <bool plain>
[[gnu::always_inline]] inline void perf_buffer::enter() noexcept
{
	/* From here on nobody nested in us publishes, so what we take stays hidden until it is
	 * filled. */
	nest_.add(!plain && gate_.closed(gate::watched) ? nest_watched + 1 : 1);
}

template <bool plain>
[[gnu::always_inline]] inline perf_buffer::taking perf_buffer::take(u64 bytes,
								    u64 &position) noexcept
{
	const bool overwrite = !plain && overwrite_;
	const bool backward = !plain && backward_;
	u64 head = head_.read();
	/*
	 * Hostile: masked below, and it can only free or hide its owner's own records. Read
	 * after head, and again when head has moved: against a later head, an old tail
	 * looks a whole ring ahead, and unread records would be overwritten.
	 */
	const u64 tail = cxxrt::read_once(user_page_->data_tail);

	/* Who takes the plain way asks again, closely. */
	if (!plain)
		position = head;
	if (!overwrite && room(backward, head, tail) < bytes) [[unlikely]]
		return taking::full;

	/*
	 * A, pairs with D in the reader (advance): the branch above depends on the load of
	 * data_tail, so the stores of data cannot come before it.
	 */
	const u64 next = backward ? head - bytes : head + bytes;

	if (!head_.try_cmpxchg(head, next)) [[unlikely]]
		return taking::passed;
	position = backward ? next : head;

	/*
	 * A stream that runs downwards has come as far as its negated head. Not a plain comparison:
	 * the mark is far ahead of us where a nested writer has passed us, or where a record was
	 * given up, and the stream wraps.
	 */
	if (!wake_at_.not_before(backward ? 0 - next : next)) [[unlikely]] {
		wake_at_.add(watermark_);
		request_wakeup();
	}
	if (!plain && nest_.read() >= nest_watched)
		note_reservation(next, tail);
	return taking::done;
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

[[gnu::always_inline]] inline bool perf_buffer::try_take(u64 bytes, u64 &position) noexcept
{
	enter<true>();
	if (take<true>(bytes, position) != taking::done) [[unlikely]]
		return false;
	count_record();
	return true;
}

[[gnu::always_inline]] inline perf_buffer::place
perf_buffer::find_place(u64 bytes, const record_origin &origin) noexcept
{
	place found = {};

	if (!admits(bytes)) [[unlikely]]
		return find_place_closely(bytes, origin);
	if (!try_take(bytes, found.position)) [[unlikely]]
		return find_place_entered(bytes);
	return found;
}

[[gnu::always_inline]] inline cxxrt::result<reservation>
perf_buffer::begin(u32 bytes, const record_origin &origin) noexcept
{
	const place found = find_place(bytes, origin);

	if (found.why) [[unlikely]]
		return cxxrt::error(found.why);
	return reservation(*this, found.position, bytes);
}

[[gnu::always_inline]] inline int perf_buffer::begin_at(void *to, u64 bytes,
							const record_origin &origin) noexcept
{
	u64 position;

	if (!admits(bytes)) [[unlikely]]
		return begin_at_closely(to, bytes, origin);
	if (!try_take(bytes, position)) [[unlikely]]
		return begin_at_entered(to, bytes);
	::new (to) reservation(*this, position, static_cast<u32>(bytes));
	return 0;
}

[[gnu::always_inline]] inline void *
perf_buffer::begin_in_place(u64 bytes, const record_origin &origin) noexcept
{
	u64 position;

	if (!mirrored_ || !admits(bytes)) [[unlikely]]
		return begin_in_place_closely(bytes, origin);
	if (!try_take(bytes, position)) [[unlikely]]
		return begin_in_place_entered(bytes);
	return mirrored_ + (position & mask_);
}

[[gnu::always_inline]] inline bool perf_buffer::in_one_chunk(u64 position, u64 bytes,
							     char *&place) const noexcept
{
	if (!storage_.is_in_one_chunk(position, bytes)) [[unlikely]]
		return false;
	place = storage_.address(position);
	return true;
}

template <bool may_count>
[[gnu::always_inline]] inline bool perf_buffer::publish_head() noexcept
{
	/*
	 * The load of head_ stays behind the entry: a head that was loaded before a nested
	 * writer published would take data_head backwards.
	 */
	cxxrt::barrier();
	const u64 head = head_.read();

	/* B, pairs with C in the reader (data_head): the records are there before the head. */
	cxxrt::smp_wmb();
	cxxrt::write_once(user_page_->data_head, head);
	/* While nobody else publishes, or an older count could be the last. */
	if (may_count && gate_.closed(gate::watched))
		show_stats(head);

	/* Leave after publishing: one that enters now publishes a later head, not we an earlier. */
	cxxrt::barrier();
	nest_.set(0);

	/*
	 * Look once more after leaving: a writer that was nested until now reserved and
	 * left its publication to us.
	 */
	cxxrt::barrier();
	return head_.equals(head);
}

[[gnu::always_inline]] inline perf_buffer::leaving perf_buffer::try_commit() noexcept
{
	/* Nobody else changes nest_ while we are inside. */
	if (!nest_.equals(1)) [[unlikely]]
		return leaving::nested;
	if (!publish_head<false>()) [[unlikely]]
		return leaving::passed;
	/* Whoever asked for something in us is done, and who comes now does it for itself. */
	return after_.equals(0) ? leaving::done : leaving::asked;
}

[[gnu::always_inline]] inline void perf_buffer::publish() noexcept
{
	/* Not by commit_closely(), for which the answer would be made up each time. */
	switch (try_commit()) {
	case leaving::done:
		return;
	case leaving::nested:
		return publish_closely();
	case leaving::passed:
		return publish_again();
	case leaving::asked:
		return run_after();
	}
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
