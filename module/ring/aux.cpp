// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to an AUX area: transactions of an exclusive area, packets of a shared one. aux_life.cpp
 * creates and frees areas.
 */
#include "ring/aux.hpp"

#include "ring/write.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

/* ---------------------------------------------------------------- both kinds */

/* An NMI cannot start deferred work, so the irq_work does. */
void aux_area::put() noexcept
{
	if (references_.put())
		release_work_.raise();
}

/*
 * The reader may store any tail, so it is read once. A tail that is further from the head than the
 * area is long is wrong: the area is then full, as in perf.
 */
inline u64 aux_area::space(u64 head) const noexcept
{
	const u64 tail = cxxrt::read_once(ring_.user_page()->aux_tail);

	/* A, pairs with D in the reader: a writer branches on the tail before it stores. */
	return head - tail < size() ? circ_space(head, tail, size() - 1) : 0;
}

void aux_area::write_record(u64 from, u64 bytes, u64 flags, const record_origin &origin) noexcept
{
	const u32 total = sizeof(aux_record) + origin.trailer_bytes;
	result<reservation> begun = ring_.begin(total, origin);

	origin.attempted(ring_, begun ? 0 : begun.error().code());
	if (!begun)
		return;

	const aux_record body = {
		.header = {.type = PERF_RECORD_AUX, .misc = 0, .size = static_cast<u16>(total)},
		.offset = from,
		.size = bytes,
		.flags = flags,
	};
	reservation record = begun.take();

	record.put(body);
	origin.write_trailer(record);
	record.commit();
}

bool aux_area::publish_head(u64 head) noexcept
{
	/* E, pairs with F in the reader: the bytes and their record are stored before the head. */
	cxxrt::smp_wmb();
	cxxrt::write_once(ring_.user_page()->aux_head, head);

	/* One writer at a time publishes. Pairs with readable(): a reader that poll() wakes finds
	 * this aux_head. */
	const u64 before = published_.read_once();

	published_.store_release(head);
	ring_.stats().aux_bytes.add(head - before);
	if (overwrite_)
		return false;

	u64 stamp = wakeup_stamp_.read();

	return head - stamp >= watermark_ &&
	       wakeup_stamp_.try_cmpxchg(stamp, head - head % watermark_);
}

void aux_area::wake(u64 head) noexcept
{
	u64 before = woken_at_.read_once();

	/* Forward only: a nested writer may have stored a later head. */
	while (static_cast<s64>(head - before) > 0 && !woken_at_.try_cmpxchg(before, head))
		before = woken_at_.read_once();
	ring_.wake_published();
}

bool aux_area::readable() const noexcept
{
	if (overwrite_)
		return false;

	/* Before published_, which is never behind it. */
	const u64 woken = woken_at_.load_acquire();
	const u64 head = published_.load_acquire();
	const u64 unread_bytes = head - cxxrt::read_once(ring_.user_page()->aux_tail);

	/* A watermark of bytes is unread, or the reader has not reached the position of the last
	 * wakeup. */
	return unread_bytes >= watermark_ || head - woken < unread_bytes;
}

bool aux_area::unread() const noexcept
{
	return !overwrite_ &&
	       published_.load_acquire() != cxxrt::read_once(ring_.user_page()->aux_tail);
}

/*
 * Exclusive area: its source writes nothing while the area is held. A write of the source that we
 * interrupted overwrites at most an eighth of the area (stream::hold_aux()), the oldest bytes, so
 * the window leaves out an eighth.
 *
 * Shared area: writers that we interrupted fill the bytes between published_ and head_, which were
 * the oldest ones, so the window leaves those out. Writers that interrupt us are refused bytes
 * within the window (overwrites_window()) as soon as held_ is hold_window_set.
 */
aux_area::window aux_area::hold_window(u64 head, u32 most) noexcept
{
	if (shared_)
		head = published_.read_once();

	const u64 whole = shared_ ? size() : size() - size() / 8;
	u64 bytes = cxxrt::min<u64>(most, cxxrt::min(head - start_, whole)) & ~u64{7};

	if (shared_) {
		held_from_.set(head - bytes);
		cxxrt::barrier();
		held_.set(hold_window_set);
		cxxrt::barrier();

		/* Limited to the area's size: nested writers that each overwrite can reserve more.
		 */
		const u64 ahead = cxxrt::min(head_.read() - head, size());

		bytes = cxxrt::min(bytes, (size() - ahead) & ~u64{7});
	}
	return {head - bytes, static_cast<u32>(bytes)};
}

/* Whether a write of [@head, @head + @bytes) would overwrite bytes that a sample, which we
 * interrupted on this CPU, holds. */
inline bool aux_area::overwrites_window(u64 head, u64 bytes) const noexcept
{
	return held_.equals(hold_window_set) && head + bytes - held_from_.read() > size();
}

void aux_area::copy_to(reservation &into, u64 from, u32 bytes) const noexcept
{
	while (bytes) {
		const storage::span here = storage_.at(from);
		const u32 now = static_cast<u32>(cxxrt::min<u64>(bytes, here.bytes));

		into.copy(here.address, now);
		from += now;
		bytes -= now;
	}
}

void aux_area::copy_from(u64 to, const void *from, u64 bytes) const noexcept
{
	const char *source = static_cast<const char *>(from);

	while (bytes) {
		const storage::span here = storage_.at(to);
		const u64 now = cxxrt::min(bytes, here.bytes);

		cxxrt::copy_plain(here.address, source, now);
		source += now;
		to += now;
		bytes -= now;
	}
}

/* ---------------------------------------------------------------- exclusive */

result<void> aux_area::begin(perfbuf_aux_handle &handle) noexcept
{
	u32 expected = 0;

	if (shared_)
		return error(EINVAL);
	if (!nest_.try_cmpxchg(expected, 1)) {
		ring_.stats().aux_nested.add(1);
		return error(EBUSY);
	}

	const u64 head = head_.read();
	const u64 free = overwrite_ ? size() : space(head);

	if (!free) {
		nest_.set(0);
		ring_.stats().aux_truncated.add(1);
		wake(head);
		return error(ENOSPC);
	}
	handle = {
		.area = this,
		.stream = nullptr,
		.head = head,
		.size = free,
		.wakeup = wakeup_stamp_.read() + watermark_,
		.flags = 0,
	};
	return {};
}

bool aux_area::end(perfbuf_aux_handle &handle, u64 size, const record_origin &origin) noexcept
{
	/* A source that wrote more than was free has overwritten unread bytes: report it. */
	if (size > handle.size) {
		size = handle.size;
		handle.flags |= PERF_AUX_FLAG_TRUNCATED;
	}

	const u64 flags = handle.flags | (overwrite_ ? PERF_AUX_FLAG_OVERWRITE : 0);
	const u64 from = overwrite_ ? handle.head : head_.read();
	const u64 to = overwrite_ ? from : from + size;
	const bool truncated = flags & PERF_AUX_FLAG_TRUNCATED;

	head_.set(to);
	/* An empty transaction is worth a record only if a flag other than these two is set. */
	if (size || flags & ~u64{PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK | PERF_AUX_FLAG_OVERWRITE})
		write_record(from, size, flags, origin);
	if (truncated)
		ring_.stats().aux_truncated.add(1);
	if (publish_head(to) || truncated)
		wake(to);

	handle.area = nullptr;
	cxxrt::barrier();
	nest_.set(0);
	put();
	return truncated;
}

result<void> aux_area::skip(perfbuf_aux_handle &handle, u64 size) noexcept
{
	if (size > handle.size)
		return error(ENOSPC);
	handle.head += size;
	/* In snapshot mode the area is never full, and only end() moves the head. */
	if (overwrite_)
		return {};
	handle.size -= size;
	head_.set(handle.head);
	if (publish_head(handle.head)) {
		wake(handle.head);
		handle.wakeup = wakeup_stamp_.read() + watermark_;
	}
	return {};
}

/* ---------------------------------------------------------------- shared */

void aux_area::refuse_for_space(u64 head) noexcept
{
	ring_.stats().aux_truncated.add(1);
	/* Reported once per head: the next PERF_RECORD_AUX is TRUNCATED. */
	if (full_head_.read() == head + 1)
		return;
	full_head_.set(head + 1);
	pending_flags_.set(PERF_AUX_FLAG_TRUNCATED);
}

result<aux_reservation> aux_area::reserve(u64 bytes, const record_origin &origin) noexcept
{
	if (!shared_)
		return error(EINVAL);
	if (bytes >= size())
		return error(E2BIG);

	/* Enter first, as in the data area: from here on no writer that is nested in us publishes.
	 */
	nest_.add(1);

	u64 head = head_.read();

	do {
		/* space() reads the tail again for each head: an old tail would seem an area ahead.
		 */
		if ((!overwrite_ && space(head) < bytes) || overwrites_window(head, bytes)) {
			refuse_for_space(head);
			publish(origin);
			return error(ENOSPC);
		}
	} while (!head_.try_cmpxchg(head, head + bytes));
	return aux_reservation(*this, head, bytes);
}

void aux_area::publish(const record_origin &origin) noexcept
{
	const u32 nest = nest_.read();

	/* Nested: the outermost writer publishes for us. */
	if (nest > 1) {
		nest_.set(nest - 1);
		return;
	}

	bool due = false;
	u64 head;

	for (;;) {
		/* The loads stay behind the entry: a nested writer may have published before it. */
		cxxrt::barrier();
		head = head_.read();

		const u64 from = published_.read_once();
		u64 flags = pending_flags_.exchange(0);

		due |= static_cast<bool>(flags);
		/* In snapshot mode only aux_head moves, because records would be too many. */
		if ((head != from && !overwrite_) || flags)
			write_record(from, head - from,
				     flags | (overwrite_ ? PERF_AUX_FLAG_OVERWRITE : 0), origin);
		due |= publish_head(head);

		cxxrt::barrier();
		nest_.set(0);

		/* Check again after the exit: a nested writer may have reserved in between, and
		 * relies on this writer to publish. */
		cxxrt::barrier();
		if (head == head_.read() && !pending_flags_.read())
			break;
		nest_.set(1);
	}
	if (due)
		wake(head);
}

aux_reservation::aux_reservation(aux_area &area, u64 position, u64 bytes) noexcept
	: area_(&area), position_(position), left_(bytes)
{
}

aux_reservation::aux_reservation(aux_reservation &&other) noexcept
	: area_(std::exchange(other.area_, nullptr)), position_(other.position_), left_(other.left_)
{
}

aux_reservation::~aux_reservation()
{
#ifdef PERFBUF_DEBUG
	if (area_)
		cxxrt_warn("perfbuf: an AUX reservation was neither committed nor moved");
#endif
}

void aux_reservation::copy(const void *from, u64 bytes) noexcept
{
	if (bytes > left_) {
#ifdef PERFBUF_DEBUG
		cxxrt_warn("perfbuf: more AUX bytes than were reserved");
#endif
		bytes = left_;
	}
	area_->copy_from(position_, from, bytes);
	position_ += bytes;
	left_ -= bytes;
}

void aux_reservation::commit(const record_origin &origin) noexcept
{
#ifdef PERFBUF_DEBUG
	if (left_)
		cxxrt_warn("perfbuf: fewer AUX bytes than were reserved");
#endif
	std::exchange(area_, nullptr)->publish(origin);
}

} // namespace perfbuf
