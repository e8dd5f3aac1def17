// SPDX-License-Identifier: GPL-2.0
/* Checks that each answer of poll() was true at some moment of the call. */
#include "polling_reader.hpp"

#include "scenario.hpp"

#include <cstdio>

namespace perfbuf::model
{

void polling_reader::begin()
{
	covered_ = must_cover_ = ring_.user_page()->data_head;
	moments_.push_back(look());
}

/* A reader that is woken takes the lock of the queue, and looks. */
void polling_reader::woken(unsigned cpu)
{
	const bool was_inside = std::exchange(inside_, true);

	memory_.finish();
	memory_.fence(cpu);
	covered_ = memory_.arrived(&ring_.user_page()->data_head);
	inside_ = was_inside;
}

polling_reader::moment polling_reader::look()
{
	const perf_event_mmap_page &page = *ring_.user_page();
	const u64 tail = area_ ? page.aux_tail : page.data_tail;
	const s64 ahead = static_cast<s64>(tail - (area_ ? area_->published() : ring_.published()));

	return {memory_.now(), area_ ? area_->readable() : ring_.readable(),
		ring_.backward() ? ahead < 0 : ahead > 0, tail};
}

void polling_reader::note_moment()
{
	if (moments_.empty())
		return;
	memory_.show_arrived();

	const moment now = look();
	const moment &last = moments_.back();

	if (last.readable && !last.lags && !now.readable && last.tail == now.tail)
		fail("there was something to read, and no reader has read it");
	if (last.readable != now.readable || last.lags != now.lags || last.tail != now.tail)
		moments_.push_back(now);
}

/* poll() says what was true at some time between its last barrier and its end. */
void polling_reader::poll(unsigned cpu, bool of_aux)
{
	perf_event_mmap_page &page = *ring_.user_page();

	inside_ = true;
	memory_.finish();
	note_moment();
	inside_ = false;

	const u64 from = memory_.window(cpu);
	const bool said = area_ ? area_->readable() : ring_.readable();

	inside_ = true;
	memory_.finish();
	note_moment();

	const u64 to = memory_.now();
	bool was_true_once = false;
	bool lagged = false;

	for (std::size_t i = 0; i < moments_.size(); i++) {
		const u64 until = i + 1 < moments_.size() ? moments_[i + 1].time : ~0ull;

		if (moments_[i].time > to || until <= from)
			continue;
		was_true_once |= moments_[i].readable == said;
		lagged |= moments_[i].lags;
	}
	inside_ = false;
	if (!was_true_once)
		fail(said ? "poll() says that there is something to read, and never was"
			  : "poll() says that there is nothing to read, and always was");
	if (!said)
		return;

	const u64 head = cxxrt::read_once(of_aux ? page.aux_head : page.data_head);

	/*
	 * The ring's own copy follows the head. So poll() may say once more that there is something
	 * to read, to a reader that has taken it already.
	 */
	if (head == cxxrt::read_once(of_aux ? page.aux_tail : page.data_tail) && !lagged)
		fail("poll() sends the reader to a head that it does not see");
}

/* C, D, and the lock that a reader takes before it sleeps. */
void polling_reader::read(bool of_aux, u64 left)
{
	perf_event_mmap_page &page = *ring_.user_page();
	const u64 head = cxxrt::read_once(of_aux ? page.aux_head : page.data_head);

	const u64 to = !of_aux && ring_.backward() ? head + left : head - left;

	cxxrt::smp_mb();
	/* So much is there: these streams begin at 0. */
	if ((of_aux ? static_cast<s64>(head) : progress(head)) >= static_cast<s64>(left))
		cxxrt::write_once(of_aux ? page.aux_tail : page.data_tail, to);
	cxxrt::smp_mb();
	/* No wakeup is due for bytes that the reader has consumed. */
	if (!of_aux && progress(to) - progress(covered_) > 0)
		covered_ = to;
}

void polling_reader::check_end() const
{
	const u64 head = ring_.user_page()->data_head;

	if (progress(must_cover_) - progress(covered_) > 0)
		fail("a wakeup is pending, and no CPU has sent it");
	if (progress(head) - progress(covered_) > static_cast<s64>(ring_.watermark()) &&
	    head != ring_.user_page()->data_tail)
		fail("more than the watermark is unread, and no CPU has woken the reader");
}

void polling_reader::print() const
{
	std::fprintf(stderr, "  data_head %#llx, data_tail %#llx, woken for %#llx, pending %#llx\n",
		     ring_.user_page()->data_head, ring_.user_page()->data_tail, covered_,
		     must_cover_);
}

} // namespace perfbuf::model
