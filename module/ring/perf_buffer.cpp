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
	storage data = TRY(storage::create(wanted.storage, wanted.nr_pages, wanted.node));
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
	: head_(wanted.start), wakeup_stamp_(wanted.backward ? 0 - wanted.start : wanted.start),
	  user_page_(user_page), stats_(stats), overwrite_(wanted.overwrite),
	  backward_(wanted.backward), storage_(std::move(data)), woken_at_(wanted.start),
	  full_head_(no_head), latency_(this, latency_expired), wakeup_work_(*this, run_wakeups),
	  references_(1), reclaim_work_(*this, reclaim), mapping_(mapping_lock_class)
{
	const u64 bytes = size();

	mask_ = bytes ? bytes - 1 : 0;
	watermark_ = cxxrt::min(wanted.watermark, bytes);
	if (!watermark_)
		watermark_ = bytes / 2;
	record_max_ = bytes ? static_cast<u32>(cxxrt::min<u64>(record_size_max, capacity())) : 0;
	paused_.write_once(!bytes);

	user_page_->cap_bit0_is_deprecated = 1;
	user_page_->size = offsetof(perf_event_mmap_page, __reserved);
	user_page_->data_offset = page_size;
	user_page_->data_size = bytes;
	user_page_->data_head = wanted.start;
	user_page_->data_tail = wanted.start;
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

error perf_buffer::refuse(loss_cause cause, int why) noexcept
{
	count_loss(cause);
	return error(why);
}

void perf_buffer::count_loss(loss_cause cause) noexcept
{
	/* There is nothing to lose where there is no data area. */
	if (!mask_)
		return;
	stats_->lost.count(cause);
	lost_.add(1);
}

void perf_buffer::report_loss(reservation &into, const record_origin &origin) noexcept
{
	const u32 bytes = sizeof(lost_record) + origin.trailer_bytes;
	const lost_record told = {
		.header = {.type = PERF_RECORD_LOST, .misc = 0, .size = static_cast<u16>(bytes)},
		.id = origin.id,
		.lost = lost_.exchange(0),
	};

	into.put(told);
	origin.write_trailer(into);
}

bool perf_buffer::can_flush_lost(u32 trailer_bytes) const noexcept
{
	const u64 owed = sizeof(lost_record) + trailer_bytes;

	return lost_.read() && !paused_.read_once() && (overwrite_ || mask_ - unread() >= owed);
}

void perf_buffer::flush_lost(const record_origin &origin) noexcept
{
	if (!lost_.read() || paused_.read_once())
		return;

	result<reservation> reserved = reserve(sizeof(lost_record) + origin.trailer_bytes);

	if (!reserved)
		return;

	reservation record = reserved.take();

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
	stats_->wakeups.add(1);
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
	TRY(latency_.set(latency_ns));
	silent_.write_once(!send);
	return {};
}

unsigned long perf_buffer::watch_stats() noexcept
{
	watched_.write_once(1);
	return pb_page_frame(stats_);
}

void perf_buffer::note_reservation(u64 head, u64 tail) noexcept
{
	ring_stats::raise(stats_->nesting, nest_.read());
	if (!overwrite_)
		ring_stats::raise(stats_->high_water,
				  (backward_ ? tail - head : head - tail) & mask_);
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
	paused_.write_once(on || !mask_);
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
