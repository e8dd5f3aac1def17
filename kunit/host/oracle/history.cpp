// SPDX-License-Identifier: GPL-2.0
/* Runs a random history of writes, reads and faults against the ring and the oracle. */
#include "history.hpp"

#include "../../support.h"
#include "../host.hpp"

namespace perfbuf::oracle
{

namespace
{

writers *at_hand;

} // namespace

history::history(const plan &planned, u64 seed, bool trace)
	: test_(planned, seed, trace), writers_(test_)
{
	at_hand = &writers_;
}

history::~history()
{
	at_hand = nullptr;
}

const char *history::run()
{
	for (; test_.step < test_.planned.steps && !test_.broken; test_.step++)
		step();
	if (test_.broken)
		return test_.broken;

	const test_origin origin(test_);

	/* The end: what is owed is reported, and all is read. */
	test_.ring->pause(false);
	for (u32 i = 0; i < 3 && !test_.ring->overwrite() && !test_.broken; i++) {
		test_.read(false);
		test_.reader->allow(1);
		test_.ring->flush_lost(origin);
		check();
	}
	if (!test_.broken && !test_.ring->overwrite() && test_.contents.pending_losses())
		test_.fail("PERF_RECORD_LOST does not report what was lost");
	if (!test_.broken)
		if (const char *broken = test_.contents.check_counts())
			test_.fail(broken);
	return test_.broken;
}

void history::step()
{
	if (test_.planned.pauses && test_.choices.once_in(test_.planned.pauses)) {
		test_.toggle_pause();
		test_.say("pause %d", test_.ring->paused());
	} else if (test_.planned.watches && test_.choices.once_in(test_.planned.watches)) {
		test_.ring->watch_stats();
		watched_ = true;
		test_.say("watch");
	} else if (test_.planned.flushes && test_.choices.once_in(test_.planned.flushes)) {
		test_.say("flush: %llu pending losses", test_.contents.pending_losses());
		test_.reader->allow(1);
		test_.ring->flush_lost(test_origin(test_));
		check();
	} else if (test_.planned.requests && test_.choices.once_in(4 * test_.planned.requests)) {
		writers_.wake_published();
		check();
	} else if (test_.planned.latency && test_.choices.once_in(16)) {
		test_.limited = !test_.limited;
		test_.say("%s", test_.limited ? "a latency" : "no latency");
		test_.set_wakeups();
		test_.reader->sets_latency();
		check();
	} else if (test_.planned.silences && test_.choices.once_in(test_.planned.silences)) {
		test_.silent = !test_.silent;
		test_.say("%s", test_.silent ? "wants no wakeups" : "wants wakeups");
		test_.set_wakeups();
		test_.reader->sends(!test_.silent);
		test_.reader->poll();
		check();
	} else if (test_.planned.reads && test_.choices.once_in(test_.planned.reads)) {
		test_.read(true);
		check();
	} else if (test_.choices.once_in(3)) {
		pass_time();
		check();
	} else {
		write();
	}
}

void history::write()
{
	const bool watched = watched_;
	const u64 before = test_.ring->bytes();

	writers_.write_as_task();
	watched_ |= writers_.end_watching();
	check();
	if (watched && !test_.broken && !test_.ring->overwrite() && test_.ring->bytes() != before &&
	    stats().high_water < test_.ring->unread())
		test_.fail("more is unread than the high-water mark of the statistics");
}

const perfbuf_ring_stats &history::stats()
{
	return *static_cast<const perfbuf_ring_stats *>(
		pb_test_frame_address(test_.ring->watch_stats()));
}

/* Interrupts are on: irq_works run, and alarms fire. */
void history::pass_time()
{
	const bool was_asleep = test_.reader->is_asleep();
	const u64 sent = test_.reader->sent();
	const bool waits = test_.ring->user_page()->data_head != test_.reader->woken_at() &&
			   (test_.ring->overwrite() ||
			    test_.ring->user_page()->data_head != test_.reader->tail());
	const u64 head = test_.ring->user_page()->data_head;

	host::run_irq_works();
	test_.expire_alarms();
	host::run_irq_works();
	test_.say("time passes");
	if (test_.limited && !test_.silent && waits && sent == test_.reader->sent())
		test_.fail("a record waits longer than the latency");
	if (test_.limited && !test_.silent && was_asleep && !test_.ring->overwrite() &&
	    head != test_.reader->tail() && !test_.ring->readable())
		test_.fail("a record waits longer than the latency, and readable() is false");
	/* A reader that was woken polls; now or then it reads. */
	if (!test_.ring->overwrite())
		test_.reader->poll();
	if (!test_.reader->is_asleep() && test_.choices.once_in(2))
		test_.read(test_.choices.once_in(2));
}

/* No writer is inside. */
void history::check()
{
	const u64 sent = std::exchange(sent_before_, test_.reader->sent());

	if (test_.broken)
		return;
	if (const char *broken = test_.contents.look())
		test_.fail(broken);
	else if (test_.contents.reports_too_much())
		test_.fail("PERF_RECORD_LOST reports more than was lost");
	else if (const char *promise = test_.reader->check(test_.contents.wanted()))
		test_.fail(promise);
	if (test_.ring->aux_readable() || test_.ring->aux_unread())
		test_.fail("a ring without an AUX area has something to read there");
	if (writers_.has_woken() && !test_.silent && sent == test_.reader->sent())
		test_.fail("no reader was woken for the records that were written");
	if (test_.broken || !watched_)
		return;

	if (stats().wakeups != test_.reader->sent())
		test_.fail("the statistics have other wakeups than were sent");
	if (stats().bytes != test_.contents.published() || stats().records != test_.ring->records())
		test_.fail("the statistics are not those of the ring");
}

} // namespace perfbuf::oracle

void cxxrt::model::before(access kind, const volatile void *, std::size_t) noexcept
{
	if (auto *current = perfbuf::oracle::at_hand)
		current->before(kind);
}
