// SPDX-License-Identifier: GPL-2.0
/* States when a reader must be woken, and checks that it is. */
#include "sleeping_reader.hpp"

#include "../host.hpp"

#include <algorithm>

namespace perfbuf::oracle
{

namespace
{

/* No head: it is not a multiple of 8. */
constexpr u64 no_head = 1;

const void *last_raised;

} // namespace

sleeping_reader::sleeping_reader(perf_buffer &ring)
	: ring_(ring), tail_(ring.user_page()->data_tail), entered_at_(tail_), woken_at_(tail_),
	  woken_for_(tail_), credit_(2 * ring.watermark()), credited_(ring.user_page()->data_head)
{
	/* Which irq_work is it that wakes? */
	auto *const before =
		std::exchange(host::on_raise, [](const void *work) { last_raised = work; });

	ring.repeat_wakeups();
	host::on_raise = before;
	wakeup_work_ = last_raised;
	host::run_irq_works();
	ring.attach(*this);
	poll();
}

sleeping_reader::~sleeping_reader()
{
	ring_.detach(*this);
}

bool sleeping_reader::is_pending() const
{
	return host::is_raised(wakeup_work_);
}

void sleeping_reader::raised(const void *work)
{
	if (work != wakeup_work_) {
		if (!mixed_)
			starts_++;
		return;
	}
	raises_++;
	sent_++;
	if (std::exchange(next_is_older_, false))
		return;
	woken_at_ = head();
	woken_for_ = mixed_ ? entered_at_ : woken_at_;
	woken_mixed_ = mixed_;
}

void sleeping_reader::writer_enters()
{
	entered_at_ = head();
	mixed_ = false;
}

void sleeping_reader::refused_full(u64 bytes, bool is_nested)
{
	/* A writer or reader in between may have moved the head and the tail that it was refused
	 * at. */
	full_need_ = is_nested ? 0 : bytes;
	if (is_nested || full_head_ != head())
		allow(1);
	full_head_ = is_nested ? no_head : head();
}

void sleeping_reader::sets_latency()
{
	starts_ = 0;
	woken_mixed_ = true;
}

void sleeping_reader::latency_expires()
{
	starts_ = 0;
	if (mixed_ ||
	    ((woken_mixed_ || woken_at_ != head()) && (ring_.overwrite() || head() != tail_)))
		allow(1);
}

void sleeping_reader::sends(bool on)
{
	silent_ = !on;
	starts_ = 0;
	/* This reader does not see records that were published meanwhile: it polls by itself. */
	credit_ = ring_.watermark();
	credited_ = woken_at_ = head();
	woken_for_ = tail_;
	woken_mixed_ = true;
}

void sleeping_reader::consume(u64 tail, u64 stored)
{
	tail_ = tail;
	cxxrt::store_release(ring_.user_page()->data_tail, stored);
}

void sleeping_reader::poll()
{
	woken_ = false;
	full_need_ = 0;
	asleep_ = !ring_.readable();
}

const char *sleeping_reader::check(u64 wanted)
{
	mixed_ = next_is_older_ = false;

	if (starts_ > 2)
		return "every record starts the alarm anew";

	const char *broken = check_budget();

	if (broken || silent_)
		return broken;
	if (!ring_.overwrite())
		return check_readable(wanted);
	if (distance(woken_at_, head()) > static_cast<s64>(ring_.watermark()))
		return "the stream has come further than the watermark since the last wakeup";
	return nullptr;
}

const char *sleeping_reader::check_readable(u64 wanted)
{
	const bool readable = ring_.readable();
	const u64 unread = static_cast<u64>(distance(tail_, head()));
	const bool sent = distance(tail_, woken_for_) > 0;
	const bool wakes = asleep_ && !woken_ && !is_pending();

	if (unread && sent && !readable)
		return "a wakeup was sent for what is unread, and readable() is false";
	if (distance(tail_, wanted) > 0 && !readable)
		return "a record that wants a wakeup is unread, and readable() is false";
	if (unread > ring_.watermark() && !readable)
		return "more than the watermark is unread, and readable() is false";
	if (readable && !unread)
		return "nothing is unread, and readable() is true";
	if (readable && !woken_mixed_ && !sent && unread <= ring_.watermark())
		return "readable() is true without a reason";
	if (wakes && readable)
		return "the reader sleeps, readable() is true, and no wakeup is pending";
	if (wakes && full_need_ && ring_.size() - unread - record_alignment < full_need_)
		return "the ring is full, the reader sleeps, and no wakeup is pending";
	return nullptr;
}

/*
 * The k-th wakeup by the watermark comes after more than k watermarks. A record that passes several
 * at once wakes once: what it leaves over is a watermark at most.
 */
const char *sleeping_reader::check_budget()
{
	credit_ += static_cast<u64>(distance(std::exchange(credited_, head()), head()));
	for (; raises_; raises_--) {
		if (allowed_)
			allowed_--;
		else if (credit_ > ring_.watermark())
			credit_ -= ring_.watermark();
		else
			return "the reader is woken without a reason";
	}
	/* A wakeup that was not used until now does not count later. */
	credit_ = std::min(credit_, ring_.watermark());
	allowed_ = 0;
	return nullptr;
}

} // namespace perfbuf::oracle
