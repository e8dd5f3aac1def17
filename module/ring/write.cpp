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
 * The limit is the nearest of: the end of the free space, the wakeup mark, the end of the
 * contiguous span, and the end of the largest record, so that the fast path needs no check of its
 * own for the record's size.
 */
void perf_buffer::set_limit(u64 head, u64 tail) noexcept
{
	const u64 at = progress(head);
	const s64 to_mark = static_cast<s64>(wakeup_mark_.read() - at);
	/* The word next to the head: the first of the next record, or the last of it in a backward
	 * ring. */
	const u64 next = backward_ ? head - record_alignment : head;
	const storage::span span = storage_.at(next);
	const u64 in_span = backward_ ? storage_.chunk_offset(next) + record_alignment : span.bytes;
	/* An unaligned tail leaves less than a word. */
	u64 bytes = space(head, tail) & ~u64{record_alignment - 1};

	bytes = cxxrt::min(bytes, in_span);
	bytes = cxxrt::min<u64>(bytes, record_size_max);
	bytes = cxxrt::min(bytes, to_mark > 0 ? static_cast<u64>(to_mark) : 0);

	if (reasons_.read())
		return;
	/*
	 * A nested writer between the stores below is right with either base: the limit that it
	 * finds admits nothing behind the head, or is of the span that the head is in.
	 */
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
	/* Writers have preemption off, so after this call every writer that used the old limit has
	 * committed. */
	cxxrt_synchronize_rcu();
}

/* ---------------------------------------------------------------- reserving */

bool perf_buffer::advance_head(u64 bytes, u64 &position) noexcept
{
	u64 head;
	u64 next;
	u64 tail;

	/* The loop ends: only nested writers move the head in between, and each of them returns. */
	do {
		head = head_.read();
		/*
		 * The reader may store any tail. It is masked, so a wrong one only frees or hides
		 * the reader's own records. It is read after the head, and again if the head has
		 * moved: compared with a later head, an old tail would seem a whole ring ahead,
		 * and unread records would be overwritten.
		 */
		tail = cxxrt::read_once(user_page_->data_tail);
		if (space(head, tail) < bytes) [[unlikely]] {
			/* A full ring wakes its reader once per published head. */
			if (woken_at_.read_once() != head)
				nest_.set_bits(full_wakeup_requested);
			return false;
		}

		/*
		 * A, pairs with D in the reader (advance): the branch above depends on the load of
		 * data_tail, so the stores of data cannot come before it.
		 */
		next = backward_ ? head - bytes : head + bytes;
	} while (!head_.try_cmpxchg(head, next));
	position = backward_ ? next : head;

	if (!wakeup_mark_.not_before(progress(next)))
		nest_.set_bits(publish_requested);

	const u32 nest = nest_.read();

	if (nest & nest_watched_all)
		note_reservation(next, tail);
	if ((nest & nest_depth) == 1)
		set_limit(next, tail);
	return true;
}

/* This writer has reserved nothing, so if it is nested, it requests nothing. */
void perf_buffer::exit_nesting() noexcept
{
	if (!nest_.equals(1)) [[unlikely]] {
		const u32 nest = nest_.read();

		if ((nest & nest_depth) == 1)
			return publish_slow();
		nest_.add(0 - (nest & nest_watched_all ? nest_watched + 1 : 1));
		return;
	}
	/* A nested writer has requested something since the check above. */
	if (!nest_.dec_and_test()) [[unlikely]]
		publish_again();
}

perf_buffer::reserve_result perf_buffer::refuse(loss_cause cause, int code) noexcept
{
	count_loss(cause);
	exit_nesting();
	return {.position = 0, .code = code};
}

perf_buffer::reserve_result perf_buffer::reserve_record(u64 bytes) noexcept
{
	reserve_result found = {};

	if (!advance_head(bytes, found.position)) [[unlikely]]
		return refuse(loss_cause::full, ENOSPC);
	count_record();
	return found;
}

/* Reserves the PERF_RECORD_LOST of the pending losses together with the record. If the ring can
 * hold only one of them, the record is written alone, and the next record reports the losses. */
perf_buffer::reserve_result
perf_buffer::reserve_with_loss_report(u64 bytes, const record_origin &origin) noexcept
{
	const u32 loss_bytes = sizeof(lost_record) + origin.trailer_bytes;

	if (loss_bytes + bytes > capacity())
		return reserve_record(bytes);

	reserve_result found = reserve_record(loss_bytes + bytes);

	if (found.code)
		return found;

	reservation loss(*this, found.position, loss_bytes);

	report_loss(loss, origin);
	loss.release();
	found.position += loss_bytes;
	return found;
}

/*
 * Whether the ring is as full as at the last refusal, and its reader has been woken for this head:
 * then a refused record is only counted. The head is read before the tail, as in advance_head().
 */
inline bool perf_buffer::is_still_full(u64 bytes) const noexcept
{
	const u64 head = head_.read();

	return woken_at_.equals(head) &&
	       space(head, cxxrt::read_once(user_page_->data_tail)) < bytes;
}

perf_buffer::reserve_result perf_buffer::reserve_slow(u64 bytes,
						      const record_origin &origin) noexcept
{
	const u32 reasons = reasons_.read();

	if (reasons == slow_path_reasons::pending_loss && bytes <= record_max_ &&
	    is_still_full(bytes)) [[likely]] {
		note_loss(loss_cause::full, 1);
		exit_nesting();
		return {.position = 0, .code = ENOSPC};
	}
	if (reasons & slow_path_reasons::watched)
		nest_.add(nest_watched);
	/* publish_outermost() starts the alarm. */
	if (reasons & slow_path_reasons::latency)
		nest_.set_bits(publish_requested);
	if (reasons & slow_path_reasons::paused) [[unlikely]]
		return refuse(loss_cause::paused, EAGAIN);
	if (bytes > record_max_) [[unlikely]]
		return refuse(loss_cause::too_big, E2BIG);
	if (reasons & slow_path_reasons::pending_loss && has_loss()) [[unlikely]]
		return reserve_with_loss_report(bytes, origin);
	return reserve_record(bytes);
}

int perf_buffer::reserve_after_try(void *to, u64 bytes, const record_origin &origin) noexcept
{
	contiguous_record where;

	/* The floor of a forward ring is always closed. */
	if (!reserve_within_limit<true>(bytes, where)) [[unlikely]]
		return reserve_at_slow(to, bytes, origin);
	count_record();
	::new (to) reservation(*this, where, static_cast<u32>(bytes));
	return 0;
}

int perf_buffer::reserve_at_slow(void *to, u64 bytes, const record_origin &origin) noexcept
{
	const reserve_result found = reserve_slow(bytes, origin);

	if (!found.code)
		::new (to) reservation(*this, found.position, static_cast<u32>(bytes));
	return found.code;
}

void *perf_buffer::reserve_contiguous_slow(u64 bytes, const record_origin &origin) noexcept
{
	if (!is_mirrored()) [[unlikely]] {
		exit_nesting();
		return nullptr;
	}

	const reserve_result found = reserve_slow(bytes, origin);

	return found.code ? nullptr : storage_.address(found.position);
}

/* ---------------------------------------------------------------- publishing */

void perf_buffer::commit_slow(committed how) noexcept
{
	switch (how) {
	case committed::done:
		return;
	case committed::unpublished:
		return publish_slow();
	case committed::overtaken:
		return publish_again();
	}
}

void perf_buffer::publish_slow() noexcept
{
	const u32 nest = nest_.read();
	const u32 depth = nest & nest_depth;
	const u32 watched = nest & nest_watched_all ? nest_watched : 0;

	if (watched)
		note_commit(depth);
	/* Nested: the outermost writer publishes for us. The request is set before we exit. */
	if (depth > 1) {
		nest_.set_bits(publish_requested);
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

u32 perf_buffer::collect_requests() noexcept
{
	u32 nest = nest_.read();

	while (!nest_.try_cmpxchg(nest, 1))
		;
	return nest & all_requests;
}

void perf_buffer::publish_outermost() noexcept
{
	bool wakes = false;
	bool shows = false;
	u32 alone;

	do {
		/* Read the requests before the head: then the record of each request is published.
		 */
		const u32 requests = collect_requests();

		cxxrt::barrier();
		const u64 head = head_.read();

		shows |= head != published_.read_once();
		publish_head(head);
		/* Before the exit below: afterwards another writer could publish, and this older
		 * count would overwrite its count. */
		if (reasons_.has(slow_path_reasons::watched))
			publish_stats(head);
		/* Noted before the exit, so that a nested writer that is refused now does not
		 * request the wakeup again. */
		if (wakeup_is_due(requests, head)) {
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
