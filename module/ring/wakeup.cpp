// SPDX-License-Identifier: GPL-2.0
/*
 * Wakeups. Only the outermost writer decides on them, for the head that it publishes. So a
 * discarded record does not move the wakeup mark, and no nested writer runs between the check of
 * the mark and its move.
 */
#include "ring/aux.hpp"
#include "ring/write.hpp"

namespace perfbuf
{

using cxxrt::result;

bool perf_buffer::wakeup_is_due(u32 requests, u64 head) noexcept
{
	const u64 at = progress(head);
	const u64 mark = wakeup_mark_.read();
	bool due = requests & wakeup_requested;

	if (requests & full_wakeup_requested && woken_at_.read_once() != head)
		due = true;
	if (static_cast<s64>(at - mark) > 0) {
		/*
		 * The next multiple of the watermark that the stream has not passed. So the mark
		 * is less than a watermark ahead of a position that was woken for.
		 */
		wakeup_mark_.set(mark + ((at - mark - 1) / watermark_ + 1) * watermark_);
		set_limit(head, cxxrt::read_once(user_page_->data_tail));
		due = true;
	}
	return due;
}

void perf_buffer::note_woken(u64 head) noexcept
{
	u64 before = woken_at_.read_once();

	/* woken_at_ only moves forward: the latency alarm on another CPU may have read an older
	 * head. The loop repeats only if the alarm stored in between, so it is short. */
	while (static_cast<s64>(progress(head) - progress(before)) > 0 &&
	       !woken_at_.try_cmpxchg(before, head))
		before = woken_at_.read_once();
}

/* Marks that are a watermark apart have different indices, so the newest mark_count stay. */
void perf_buffer::set_mark(u64 head) noexcept
{
	cxxrt::write_once(marks_[head / watermark_ % mark_count], head);
}

void perf_buffer::send_wakeup() noexcept
{
	poll_.write_once(1);
	if (silent_.read_once())
		return;
	stats_->wakeups.fetch_add(1);
	wakeup_work_.raise();
}

void perf_buffer::wake_published() noexcept
{
	/* A writer that we interrupted on this CPU is still inside its write. */
	if (nest_.read() & nest_depth)
		request_wakeup();
	else
		wakeup();
}

/* The alarm of latency_: a record has waited for the latency limit. Hard irq. */
void perf_buffer::latency_expired(void *ring) noexcept
{
	perf_buffer *self = static_cast<perf_buffer *>(ring);

	if (self->woken_at_.read_once() == self->published_.read_once())
		return;
	if (self->overwrite_ || self->unread())
		self->wakeup();
}

result<void> perf_buffer::set_wakeups(u64 latency_ns, bool send) noexcept
{
	/* The reason first: then every record that is published under the new limit checks it. */
	if (latency_ns && !reasons_.has(slow_path_reasons::latency))
		add_reason_and_wait(slow_path_reasons::latency);

	result<void> set = latency_.set(latency_ns);

	if (!latency_.limited())
		reasons_.remove(slow_path_reasons::latency);
	TRY(set);
	silent_.write_once(!send);
	return {};
}

u64 perf_buffer::unread() const noexcept
{
	const u64 tail = cxxrt::read_once(user_page_->data_tail);
	const u64 head = published_.load_acquire();

	return (progress(head) - progress(tail)) & mask_;
}

bool perf_buffer::readable() noexcept
{
	if (overwrite_)
		return poll_.read_once() && poll_.exchange(0);

	/* Before published_, which is never behind it. */
	const u64 woken = progress(woken_at_.load_acquire());
	const u64 head = progress(published_.load_acquire());
	const u64 tail = progress(cxxrt::read_once(user_page_->data_tail));
	/* Masked: the reader may store the tail modulo the size, or a wrong one. */
	const u64 unread_bytes = (head - tail) & mask_;

	/* A watermark of bytes is unread, or the reader has not reached the position of the last
	 * wakeup. */
	return unread_bytes > watermark_ || head - woken < unread_bytes;
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

void perf_buffer::run_wakeups(perf_buffer &ring) noexcept
{
	for (wake_target *target = ring.targets_.load_acquire(); target;
	     target = target->next.load_acquire())
		target->wake();
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
	/* target.next stays: a wakeup that walks the list now follows it to the next target. */
	link->write_once(target.next.read_once());
}

} // namespace perfbuf
