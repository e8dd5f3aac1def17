// SPDX-License-Identifier: GPL-2.0
/* The life of a ring, and what is slow: losses, wakeups, pause. */
#include "ring/perf_buffer.hpp"

#include "ring/aux.hpp"
#include "ring/write.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::ref;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class mapping_lock_class{"perfbuf ring mapping", {}};

/* No head: it is not a multiple of 8. */
constexpr u64 no_head = 1;

} // namespace

result<ref<perf_buffer>> perf_buffer::create(const options &wanted) noexcept
{
	storage data = TRY(
		storage::create(wanted.storage, wanted.nr_pages, wanted.node, wanted.page_order));
	auto *user_page = static_cast<perf_event_mmap_page *>(pb_pages_alloc(wanted.node, 0));

	if (!user_page)
		return error(ENOMEM);

	cxxrt::scope_guard free_user_page([&] { pb_pages_free(user_page, 0); });
	void *stats_page = pb_pages_alloc(wanted.node, 0);

	if (!stats_page)
		return error(ENOMEM);

	cxxrt::scope_guard free_stats([&] { pb_pages_free(stats_page, 0); });
	perf_buffer *ring = new (cxxrt::gfp::kernel)
		perf_buffer(wanted, std::move(data), user_page, new (stats_page) ring_stats);

	if (!ring)
		return error(ENOMEM);
	free_user_page.dismiss();
	free_stats.dismiss();
	return ref<perf_buffer>::adopt(ring);
}

perf_buffer::perf_buffer(const options &wanted, storage &&data, perf_event_mmap_page *user_page,
			 ring_stats *stats) noexcept
	: head_(wanted.start), user_page_(user_page), mirrored_(nullptr), stats_(stats),
	  storage_(std::move(data)), overwrite_(wanted.overwrite), backward_(wanted.backward),
	  woken_at_(wanted.start), full_head_(no_head), latency_(this, latency_expired),
	  wakeup_work_(*this, run_wakeups), references_(1), reclaim_work_(*this, reclaim),
	  mapping_(mapping_lock_class)
{
	const u64 bytes = size();

	mask_ = bytes ? bytes - 1 : 0;
	watermark_ = cxxrt::min(wanted.watermark, bytes);
	if (!watermark_)
		watermark_ = bytes / 2;
	record_max_ = bytes ? static_cast<u32>(cxxrt::min<u64>(record_size_max, capacity())) : 0;
	wake_at_.set((backward_ ? 0 - wanted.start : wanted.start) + watermark_);
	if (bytes && storage_.kind() == storage_kind::mirrored)
		mirrored_ = storage_.page(0);
	gate_.set_largest(record_max_);
	if (overwrite_ || backward_)
		gate_.close(gate::special);
	pause(false);

	user_page_->cap_bit0_is_deprecated = 1;
	user_page_->size = offsetof(perf_event_mmap_page, __reserved);
	user_page_->data_offset = page_size;
	user_page_->data_size = bytes;
	user_page_->data_head = wanted.start;
	user_page_->data_tail = wanted.start;
}

void reservation::copy_across(const void *from, u32 bytes) noexcept
{
	const char *source = static_cast<const char *>(from);

	transfer(bytes, [&source](char *to, u32 now) {
		cxxrt::copy_plain(to, source, now);
		source += now;
		return 0u;
	});
}

perf_buffer::~perf_buffer()
{
	pb_pages_free(user_page_, 0);
	pb_pages_free(stats_, 0);
}

void perf_buffer::put() noexcept
{
	if (references_.put())
		reclaim_work_.start();
}

/*
 * A grace period has passed since the last reference went, so no writer is inside and none can
 * come; what may still run is a wakeup that the last of them raised.
 */
void perf_buffer::reclaim(perf_buffer &ring) noexcept
{
	ring.latency_.stop();
	ring.wakeup_work_.sync();
	delete &ring;
}

perf_buffer::place perf_buffer::refuse(loss_cause cause, int why) noexcept
{
	count_loss(cause);
	return {.position = 0, .why = why};
}

void perf_buffer::count_loss(loss_cause cause) noexcept
{
	/* There is nothing to lose where there is no data area. */
	if (!mask_)
		return;
	stats_->lost.count(cause);
	lost_.add(1);
	/* After the count: see look_for_losses(). */
	gate_.close(gate::owes);
}

/*
 * The gate is closed after a loss is counted, and opened before the count is looked at. So an open
 * gate is nobody's loss; a gate that is closed for nothing is opened here by the next writer.
 */
bool perf_buffer::look_for_losses() noexcept
{
	if (lost_.read())
		return true;
	gate_.open(gate::owes);
	if (!lost_.read()) [[likely]]
		return false;
	gate_.close(gate::owes);
	return true;
}

[[gnu::always_inline]] inline bool perf_buffer::take_entered(u64 bytes, u64 &position) noexcept
{
	taking how;

	/* Only a writer that is nested in us, and so comes to its end, passes us. */
	do
		how = take<false>(bytes, position);
	while (how == taking::passed);
	if (how == taking::full)
		leave_full(position);
	return how == taking::done;
}

perf_buffer::place perf_buffer::find_place_closely(u64 bytes, const record_origin &origin) noexcept
{
	if (gate_.closed(gate::paused)) [[unlikely]]
		return refuse(loss_cause::paused, EAGAIN);
	if (bytes > record_max_) [[unlikely]]
		return refuse(loss_cause::too_big, E2BIG);
	if (gate_.closed(gate::owes) && look_for_losses()) {
		const u64 together = sizeof(lost_record) + origin.trailer_bytes + bytes;
		/* A record that fits only alone goes alone; the loss is told with the next. */
		const bool tells = together <= capacity();

		if (is_still_full(tells ? together : bytes))
			return refuse(loss_cause::full, ENOSPC);
		if (tells)
			return find_place_owing(bytes, origin);
	}
	enter<false>();
	return find_place_entered(bytes);
}

perf_buffer::place perf_buffer::find_place_owing(u64 bytes, const record_origin &origin) noexcept
{
	const u32 told_bytes = sizeof(lost_record) + origin.trailer_bytes;

	enter<false>();

	place found = find_place_entered(told_bytes + bytes);

	if (found.why)
		return found;

	reservation told(*this, found.position, told_bytes);

	report_loss(told, origin);
	told.pass_on();
	found.position += told_bytes;
	return found;
}

void perf_buffer::leave_full(u64 head) noexcept
{
	/*
	 * Full always wakes, once for each head: a head never comes again, while a tail that is
	 * stored modulo the size does.
	 */
	if (full_head_.read() != head) {
		full_head_.set(head);
		request_wakeup();
	}
	publish();
}

/*
 * Without entering: nothing is written, and at this head the reader has been woken already. The
 * head is looked at after the tail: who moved it in between would have made the tail one of another
 * ring.
 */
bool perf_buffer::is_still_full(u64 bytes) const noexcept
{
	const u64 head = full_head_.read();
	const u64 tail = cxxrt::read_once(user_page_->data_tail);

	return head_.equals(head) && room(backward_, head, tail) < bytes;
}

perf_buffer::place perf_buffer::find_place_entered(u64 bytes) noexcept
{
	place found = {};

	if (!take_entered(bytes, found.position))
		return refuse(loss_cause::full, ENOSPC);
	count_record();
	return found;
}

int perf_buffer::begin_at_closely(void *to, u64 bytes, const record_origin &origin) noexcept
{
	const place found = find_place_closely(bytes, origin);

	if (!found.why)
		::new (to) reservation(*this, found.position, static_cast<u32>(bytes));
	return found.why;
}

int perf_buffer::begin_at_entered(void *to, u64 bytes) noexcept
{
	const place found = find_place_entered(bytes);

	if (!found.why)
		::new (to) reservation(*this, found.position, static_cast<u32>(bytes));
	return found.why;
}

void perf_buffer::resume_at(void *to, u64 position, u64 bytes) noexcept
{
	::new (to) reservation(*this, position, static_cast<u32>(bytes));
}

void *perf_buffer::in_place(place found) const noexcept
{
	return found.why ? nullptr : mirrored_ + (found.position & mask_);
}

void *perf_buffer::begin_in_place_closely(u64 bytes, const record_origin &origin) noexcept
{
	return mirrored_ ? in_place(find_place_closely(bytes, origin)) : nullptr;
}

void *perf_buffer::begin_in_place_entered(u64 bytes) noexcept
{
	return in_place(find_place_entered(bytes));
}

void perf_buffer::publish_closely() noexcept
{
	const u32 nest = nest_.read();
	const u32 depth = nest & nest_depth;
	const bool watched = nest >= nest_watched;

	if (watched)
		note_commit(depth);
	/* Nested: the outermost publishes for us. */
	if (depth > 1) {
		nest_.set(nest - (watched ? nest_watched + 1 : 1));
		return;
	}
	if (!publish_head<true>())
		publish_again();
	else if (!after_.equals(0))
		run_after();
}

void perf_buffer::commit_closely(leaving how) noexcept
{
	switch (how) {
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

void perf_buffer::publish_again() noexcept
{
	do
		nest_.set(1);
	while (!publish_head<true>());
	if (!after_.equals(0))
		run_after();
}

void perf_buffer::run_after() noexcept
{
	latency_.published();
	if (after_.fetch_and(~after_wakeup) & after_wakeup)
		wakeup();
}

u64 perf_buffer::take_losses() noexcept
{
	gate_.open(gate::owes);
	return lost_.exchange(0);
}

void perf_buffer::report_loss(reservation &into, const record_origin &origin) noexcept
{
	const u32 bytes = sizeof(lost_record) + origin.trailer_bytes;
	const lost_record told = {
		.header = {.type = PERF_RECORD_LOST, .misc = 0, .size = static_cast<u16>(bytes)},
		.id = origin.id,
		.lost = take_losses(),
	};

	into.put(told);
	origin.write_trailer(into);
}

bool perf_buffer::can_flush_lost(u32 trailer_bytes) const noexcept
{
	const u64 owed = sizeof(lost_record) + trailer_bytes;

	return lost_.read() && !paused() && (overwrite_ || mask_ - unread() >= owed);
}

void perf_buffer::flush_lost(const record_origin &origin) noexcept
{
	if (!lost_.read() || paused())
		return;

	const u32 bytes = sizeof(lost_record) + origin.trailer_bytes;
	u64 position;

	enter<false>();
	if (!take_entered(bytes, position))
		return;

	reservation record(*this, position, bytes);

	report_loss(record, origin);
	request_wakeup();
	record.commit();
}

void perf_buffer::wakeup() noexcept
{
	/*
	 * Forward only: a latency that expires on another CPU may have read an older head. Those
	 * few turns of the loop are all that it can take.
	 */
	const u64 now = head_.read();
	u64 before = woken_at_.read_once();

	while (static_cast<s64>(backward_ ? before - now : now - before) > 0 &&
	       !woken_at_.try_cmpxchg(before, now))
		before = woken_at_.read_once();
	poll_.write_once(1);
	if (silent_.read_once())
		return;
	stats_->wakeups.fetch_add(1);
	wakeup_work_.raise();
}

/* Who is inside, if anybody, is below us on this CPU, and leaves after us. */
void perf_buffer::wake_published() noexcept
{
	if (nest_.read())
		request_wakeup();
	else
		wakeup();
}

bool perf_buffer::aux_readable() const noexcept
{
	const aux_area *area = aux();

	return area && area->readable();
}

bool perf_buffer::aux_unread() const noexcept
{
	const aux_area *area = aux();

	return area && area->unread();
}

/* A record has waited for as long as the reader allows. */
void perf_buffer::latency_expired(void *ring) noexcept
{
	perf_buffer *self = static_cast<perf_buffer *>(ring);

	if (self->overwrite_ || self->unread())
		self->wakeup();
}

result<void> perf_buffer::set_wakeups(u64 latency_ns, bool send) noexcept
{
	/* Before the limit, so that who publishes under it looks for it. */
	after_.fetch_or(after_latency);

	result<void> set = latency_.set(latency_ns);

	if (!latency_.limited())
		after_.fetch_and(~after_latency);
	TRY(set);
	silent_.write_once(!send);
	return {};
}

unsigned long perf_buffer::watch_stats() noexcept
{
	/* What was written until now; from then on the writers say it. */
	if (!gate_.closed(gate::watched)) {
		show_stats(head_.read());
		gate_.close(gate::watched);
	}
	return pb_page_frame(stats_);
}

void perf_buffer::note_reservation(u64 head, u64 tail) noexcept
{
	const u32 depth = nest_.read() & nest_depth;

	ring_stats::raise(stats_->nesting, depth);
	if (!overwrite_)
		ring_stats::raise(stats_->high_water,
				  (backward_ ? tail - head : head - tail) & mask_);
	if (depth <= depths_timed)
		begun_[depth - 1].set(pb_duration_clock_ns());
}

void perf_buffer::note_commit(u32 depth) noexcept
{
	if (depth <= depths_timed)
		ring_stats::raise(stats_->longest,
				  pb_duration_clock_ns() - begun_[depth - 1].read());
}

/* What stands in the place of a record that was given up: see discard(). */
void perf_buffer::fill_discarded(reservation &into, u32 bytes, const record_origin &origin) noexcept
{
	const lost_record filler = {
		.header = {.type = PERF_RECORD_LOST, .misc = 0, .size = static_cast<u16>(bytes)},
		.id = origin.id,
		.lost = 0,
	};

	into.put(filler);
	into.zero(bytes - sizeof(filler) - origin.trailer_bytes);
	origin.write_trailer(into);
}

void perf_buffer::run_wakeups(perf_buffer &ring) noexcept
{
	for (wake_target *one = ring.targets_.load_acquire(); one; one = one->next.load_acquire())
		one->wake();
}

void perf_buffer::pause(bool on) noexcept
{
	if (on || !mask_)
		gate_.close(gate::paused);
	else
		gate_.open(gate::paused);
}

u64 perf_buffer::unread() const noexcept
{
	const u64 tail = cxxrt::read_once(user_page_->data_tail);
	const u64 head = head_.read();

	return (backward_ ? tail - head : head - tail) & mask_;
}

bool perf_buffer::readable() noexcept
{
	if (overwrite_)
		return poll_.read_once() && poll_.exchange(0);

	const u64 tail = cxxrt::read_once(user_page_->data_tail);
	const u64 head = head_.read();
	const u64 woken = woken_at_.read_once();
	u64 left = backward_ ? tail - head : head - tail;
	u64 to_woken = backward_ ? tail - woken : woken - tail;

	/* A tail that was stored modulo the size, or that makes no sense. */
	if (left > mask_) {
		left &= mask_;
		to_woken &= mask_;
	}

	/* Enough is there, or a wakeup was given for a position that the reader has not come to. */
	return left > watermark_ || to_woken - 1 < left;
}

void perf_buffer::attach(wake_target &target) noexcept
{
	target.next.write_once(targets_.read_once());
	targets_.store_release(&target);
}

void perf_buffer::detach(wake_target &target) noexcept
{
	cxxrt::shared<wake_target *> *link = &targets_;

	while (link->read_once() != &target)
		link = &link->read_once()->next;
	/* target.next stays: a wakeup that walks the list now still finds its way on. */
	link->write_once(target.next.read_once());
}

result<unsigned long> perf_buffer::page_frame(u64 index) const noexcept
{
	if (!index)
		return pb_page_frame(user_page_);
	if (index > nr_pages())
		return error(ENXIO);
	return pb_page_frame(storage_.page(static_cast<u32>(index - 1)));
}

} // namespace perfbuf
