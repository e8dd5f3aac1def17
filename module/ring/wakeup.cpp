// SPDX-License-Identifier: GPL-2.0
/*
 * Wakeups. Only the outermost writer decides on them, for the head that it publishes. So a record
 * that is discarded moves no mark, and no nested writer comes between a check of the mark and its
 * move.
 */
#include "ring/aux.hpp"
#include "ring/write.hpp"

namespace perfbuf
{

using cxxrt::result;

bool perf_buffer::wakeup_is_due(u32 asked, u64 head) noexcept
{
	const u64 at = progress(head);
	const u64 mark = wake_at_.read();
	bool due = asked & asks_wakeup;

	if (asked & asks_full && woken_at_.read_once() != head)
		due = true;
	if (static_cast<s64>(at - mark) > 0) {
		/*
		 * The next multiple of the watermark that the stream has not passed. So the mark
		 * is less than a watermark ahead of a position that was woken for.
		 */
		wake_at_.set(mark + ((at - mark - 1) / watermark_ + 1) * watermark_);
		set_limit(head, cxxrt::read_once(user_page_->data_tail));
		due = true;
	}
	return due;
}

void perf_buffer::note_woken(u64 head) noexcept
{
	u64 before = woken_at_.read_once();

	/* Forward only: the latency alarm on another CPU may have read an older head. Those few
	 * turns of the loop are all that it can take. */
	while (static_cast<s64>(progress(head) - progress(before)) > 0 &&
	       !woken_at_.try_cmpxchg(before, head))
		before = woken_at_.read_once();
}

/* Two marks that are a watermark apart have places of their own, so the newest ones stay. */
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

/* A record has waited for as long as the reader allows. */
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
	/* Before the limit, so that no record is published under it without looking for it. */
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
	/* Masked: the tail may be stored modulo the size, or make no sense. */
	const u64 left = (head - tail) & mask_;

	/* Enough is there, or a wakeup was sent for a position that the reader has not come to. */
	return left > watermark_ || head - woken < left;
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
	for (wake_target *one = ring.targets_.load_acquire(); one; one = one->next.load_acquire())
		one->wake();
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

} // namespace perfbuf
