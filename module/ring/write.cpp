// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path of writers: reservations behind the limit, and publication by a writer that is
 * nested or has requests. Losses are in loss.cpp, wakeups in wakeup.cpp.
 */
#include "ring/write.hpp"

namespace perfbuf
{

void reservation::copy_across(const void *from, u32 bytes) noexcept
{
	const char *source = static_cast<const char *>(from);

	transfer(bytes, [&source](char *to, u32 now) {
		cxxrt::copy_plain(to, source, now);
		source += now;
		return 0u;
	});
}

/* ---------------------------------------------------------------- the limit */

inline u64 perf_buffer::space(u64 head, u64 tail) const noexcept
{
	if (overwrite_)
		return size();
	return backward_ ? circ_space(tail, head, mask_) : circ_space(head, tail, mask_);
}

void perf_buffer::close_limit() noexcept
{
	const u64 head = head_.read();

	limit_.write_once(head - closed_distance);
	floor_.write_once(head + closed_distance);
}

/*
 * The limit is the nearest of: the free space behind the tail seen now, the wakeup mark, the end of
 * the contiguous span, and the largest record, which need not be checked apart then.
 */
void perf_buffer::set_limit(u64 head, u64 tail) noexcept
{
	const u64 at = progress(head);
	const s64 to_mark = static_cast<s64>(wake_at_.read() - at);
	/* The word behind the head: the first of the next record, or, downwards, its last. */
	const u64 next = backward_ ? head - record_alignment : head;
	const storage::span span = storage_.at(next);
	const u64 in_span = backward_ ? storage_.chunk_offset(next) + record_alignment : span.bytes;
	/* An unaligned tail leaves less than a word. */
	u64 bytes = space(head, tail) & ~u64{record_alignment - 1};

	bytes = cxxrt::min(bytes, in_span);
	bytes = cxxrt::min<u64>(bytes, record_size_max);
	bytes = cxxrt::min(bytes, to_mark > 0 ? static_cast<u64>(to_mark) : 0);

	/* A nested writer finds base and limit of one span, or a closed limit. */
	close_limit();
	if (reasons_.read())
		return;
	cxxrt::barrier();
	limit_from_.set(at);
	base_.set(reinterpret_cast<u64>(span.address) - next);
	cxxrt::barrier();
	if (backward_)
		floor_.write_once(head - bytes);
	else
		limit_.write_once(head + bytes);
	/*
	 * M, pairs with M in add_reason(): either we see the reason, or its close_limit() comes
	 * after our store.
	 */
	cxxrt::smp_mb();
	if (reasons_.read()) [[unlikely]]
		close_limit();
}

void perf_buffer::add_reason(slow_path_reasons::reason why) noexcept
{
	reasons_.add(why);
	/* M, pairs with M in set_limit(). */
	cxxrt::smp_mb();
	close_limit();
}

void perf_buffer::add_reason_and_wait(slow_path_reasons::reason why) noexcept
{
	add_reason(why);
	/* A writer has preemption off, so every writer that passed the limit before has left after
	 * this call. */
	cxxrt_synchronize_rcu();
}

/* ---------------------------------------------------------------- reserving */

bool perf_buffer::take(u64 bytes, u64 &position) noexcept
{
	u64 head;
	u64 next;
	u64 tail;

	/* Only a nested writer, which comes to its end, moves the head in between. */
	do {
		head = head_.read();
		/*
		 * Hostile: masked, and it can only free or hide its owner's own records. Read
		 * after head, and again when head has moved: against a later head, an old tail
		 * looks a whole ring ahead, and unread records would be overwritten.
		 */
		tail = cxxrt::read_once(user_page_->data_tail);
		if (space(head, tail) < bytes) [[unlikely]] {
			/* A full ring wakes its reader once per published head. */
			if (woken_at_.read_once() != head)
				nest_.set_bits(asks_full);
			return false;
		}

		/*
		 * A, pairs with D in the reader (advance): the branch above depends on the load of
		 * data_tail, so the stores of data cannot come before it.
		 */
		next = backward_ ? head - bytes : head + bytes;
	} while (!head_.try_cmpxchg(head, next));
	position = backward_ ? next : head;

	if (!wake_at_.not_before(progress(next)))
		nest_.set_bits(asks_look);

	const u32 nest = nest_.read();

	if (nest & nest_watched_all)
		note_reservation(next, tail);
	if ((nest & nest_depth) == 1)
		set_limit(next, tail);
	return true;
}

/* Nothing was reserved by us, so a nested writer leaves nothing to the outermost one. */
void perf_buffer::leave() noexcept
{
	if (!nest_.equals(1)) [[unlikely]] {
		const u32 nest = nest_.read();

		if ((nest & nest_depth) == 1)
			return publish_inside();
		nest_.add(0 - (nest & nest_watched_all ? nest_watched + 1 : 1));
		return;
	}
	/* What a nested writer left to us meanwhile. */
	if (!nest_.dec_and_test()) [[unlikely]]
		publish_again();
}

perf_buffer::place perf_buffer::refuse(loss_cause cause, int why) noexcept
{
	count_loss(cause);
	leave();
	return {.position = 0, .why = why};
}

perf_buffer::place perf_buffer::reserve_plain(u64 bytes) noexcept
{
	place found = {};

	if (!take(bytes, found.position)) [[unlikely]]
		return refuse(loss_cause::full, ENOSPC);
	count_record();
	return found;
}

/* A record that fits only alone goes alone; the loss is reported with the next. */
perf_buffer::place perf_buffer::reserve_reporting(u64 bytes, const record_origin &origin) noexcept
{
	const u32 loss_bytes = sizeof(lost_record) + origin.trailer_bytes;

	if (loss_bytes + bytes > capacity())
		return reserve_plain(bytes);

	place found = reserve_plain(loss_bytes + bytes);

	if (found.why)
		return found;

	reservation loss(*this, found.position, loss_bytes);

	report_loss(loss, origin);
	loss.release();
	found.position += loss_bytes;
	return found;
}

/*
 * A ring that stays full refuses record after record: nothing to report them with, and the reader
 * has been woken for this head. The head is read before the tail, as in take().
 */
inline bool perf_buffer::is_still_full(u64 bytes) const noexcept
{
	const u64 head = head_.read();

	return woken_at_.equals(head) &&
	       space(head, cxxrt::read_once(user_page_->data_tail)) < bytes;
}

perf_buffer::place perf_buffer::reserve_slow(u64 bytes, const record_origin &origin) noexcept
{
	const u32 reasons = reasons_.read();

	if (reasons == slow_path_reasons::pending_loss && bytes <= record_max_ &&
	    is_still_full(bytes)) [[likely]] {
		note_loss(loss_cause::full, 1);
		leave();
		return {.position = 0, .why = ENOSPC};
	}
	if (reasons & slow_path_reasons::watched)
		nest_.add(nest_watched);
	/* publish_outermost() starts the alarm. */
	if (reasons & slow_path_reasons::latency)
		nest_.set_bits(asks_look);
	if (reasons & slow_path_reasons::paused) [[unlikely]]
		return refuse(loss_cause::paused, EAGAIN);
	if (bytes > record_max_) [[unlikely]]
		return refuse(loss_cause::too_big, E2BIG);
	if (reasons & slow_path_reasons::pending_loss && has_loss()) [[unlikely]]
		return reserve_reporting(bytes, origin);
	return reserve_plain(bytes);
}

int perf_buffer::reserve_entered(void *to, u64 bytes, const record_origin &origin) noexcept
{
	contiguous where;

	/* Never within the floor of a forward ring. */
	if (!reserve_within<true>(bytes, where)) [[unlikely]]
		return reserve_entered_slow(to, bytes, origin);
	count_record();
	::new (to) reservation(*this, where, static_cast<u32>(bytes));
	return 0;
}

int perf_buffer::reserve_entered_slow(void *to, u64 bytes, const record_origin &origin) noexcept
{
	const place found = reserve_slow(bytes, origin);

	if (!found.why)
		::new (to) reservation(*this, found.position, static_cast<u32>(bytes));
	return found.why;
}

void *perf_buffer::reserve_contiguous_slow(u64 bytes, const record_origin &origin) noexcept
{
	if (!is_mirrored()) [[unlikely]] {
		leave();
		return nullptr;
	}

	const place found = reserve_slow(bytes, origin);

	return found.why ? nullptr : storage_.address(found.position);
}

/* ---------------------------------------------------------------- publishing */

void perf_buffer::commit_slow(committed how) noexcept
{
	switch (how) {
	case committed::done:
		return;
	case committed::inside:
		return publish_inside();
	case committed::left:
		return publish_again();
	}
}

void perf_buffer::publish_inside() noexcept
{
	const u32 nest = nest_.read();
	const u32 depth = nest & nest_depth;
	const u32 watched = nest & nest_watched_all ? nest_watched : 0;

	if (watched)
		note_commit(depth);
	/* Nested: the outermost writer publishes for us, and must learn of it before we leave. */
	if (depth > 1) {
		nest_.set_bits(asks_look);
		nest_.add(0 - (watched + 1));
		return;
	}
	if (watched)
		nest_.add(0 - watched);
	publish_outermost();
}

void perf_buffer::publish_again() noexcept
{
	nest_.add(1);
	publish_outermost();
}

u32 perf_buffer::take_requests() noexcept
{
	u32 nest = nest_.read();

	while (!nest_.try_cmpxchg(nest, 1))
		;
	return nest & asks;
}

void perf_buffer::publish_outermost() noexcept
{
	bool wakes = false;
	bool shows = false;
	u32 alone;

	do {
		/* The requests before the head: the record of a request is in what is published. */
		const u32 asked = take_requests();

		cxxrt::barrier();
		const u64 head = head_.read();

		shows |= head != published_.read_once();
		show_head(head);
		/* While no other writer publishes, or an older count could be the last. */
		if (reasons_.has(slow_path_reasons::watched))
			show_stats(head);
		/* Noted inside, so that a nested writer that is refused now does not ask again. */
		if (wakeup_is_due(asked, head)) {
			note_woken(head);
			if (marks_)
				set_mark(head);
			wakes = true;
		}
		/* As in try_commit_alone(). */
		cxxrt::barrier();
		alone = 1;
	} while (!nest_.try_cmpxchg(alone, 0));

	if (shows)
		latency_.published();
	if (wakes)
		send_wakeup();
}

} // namespace perfbuf
