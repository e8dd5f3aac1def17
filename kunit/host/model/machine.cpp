// SPDX-License-Identifier: GPL-2.0
/* Explores nested writers on one CPU and a reader on another. */
#include "machine.hpp"

#include "stand_ins.hpp"

#include "../../support.h"
#include "../host.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace perfbuf::model
{

machine::machine(const scenario &scenario, explorer &choices, reader_fault fault)
	: interrupted_cpu(choices), scenario_(scenario),
	  ring_(perf_buffer::create(scenario.ring).take()), here_(choices), there_(choices),
	  drains_left_(scenario.drains), pauses_left_(scenario.pauses ? 2 : 0),
	  watches_left_(scenario.watches), far_alarms_left_(scenario.far_alarms)
{
	begin(scenario.name, choices);
	if (scenario.sleeps)
		poller_.emplace(*ring_);
	for (unsigned i = 0; i < contexts; i++)
		interrupts_left_[i] = scenario.script[i].empty() ? 0 : scenario.interrupts[i];
	if (!scenario.rounds)
		observer_.emplace(*ring_, ledger_);
	if (scenario.watched)
		ring_->watch_stats();
	for (u32 bytes : scenario.before)
		write(0, {.bytes = bytes});
	if (scenario.latency) {
		ring_->attach(sleeper_);
		if (!ring_->set_wakeups(1000, true))
			fail("no memory");
		if (poller_)
			poller_->sends(true);
	}
	if (observer_)
		observer_->look();
	else
		reader_.emplace(*ring_, ledger_, memory_, fault, scenario.rounds);
}

machine::~machine()
{
	end();
	if (scenario_.latency)
		ring_->detach(sleeper_);
	poller_.reset();
	ring_.reset();
	host::settle();
}

void machine::run()
{
	exploring_ = true;
	run_script(0);
	inside_ = true;
	memory_.finish_store();
	intervene(true);
	exploring_ = false;
	inside_ = false;
	here_.drain();
	there_.show();
	there_.drain();
	check_poller();
	check_stats();
	settle();
	check_end();
	check_no_storm();
}

void machine::run_script(unsigned context)
{
	const unsigned interrupted = std::exchange(context_, context);

	for (const op &op : scenario_.script[context]) {
		if (poller_ && !context)
			poller_->writer_enters();
		write(context, op);
		if (!context) {
			ledger_.settle();
			check_poller();
			check_stats();
		}
	}
	context_ = interrupted;
}

/* No writer is inside: what was mapped once says what there is. */
void machine::check_stats()
{
	if (!scenario_.watches || watches_left_)
		return;
	watching_.reset();

	const bool was_inside = std::exchange(inside_, true);
	const auto *stats = static_cast<const perfbuf_ring_stats *>(
		pb_test_frame_address(ring_->watch_stats()));
	const u64 head = ring_->user_page()->data_head;

	if (stats->bytes != (ring_->backward() ? 0 - head : head))
		fail("the statistics that are mapped say other bytes than there are");
	if (stats->records != ring_->records())
		fail("the statistics that are mapped say other records than there are");
	inside_ = was_inside;
}

/* No writer is inside: an irq_work runs now, and a reader that it wakes reads now or later. */
void machine::check_poller()
{
	if (!poller_)
		return;

	const bool was_inside = std::exchange(inside_, true);

	observer_->look();
	if (const char *broken = poller_->check(poller_->tail()))
		fail(broken);
	host::run_irq_works();
	if (!ring_->overwrite())
		poller_->poll();
	if (!poller_->is_asleep() && exploring_ && choices_.choose(2))
		read_all();
	inside_ = was_inside;
}

void machine::read_all()
{
	observer_->drain();
	/* The records that the reader has taken do not wait. */
	if (scenario_.latency && exploring_)
		ledger_.wake();
	if (poller_) {
		poller_->consume(observer_->head(), observer_->head());
		poller_->poll();
	}
}

void machine::write(unsigned context, const op &op)
{
	const plain_origin origin;

	if (op.flush) {
		if (poller_)
			poller_->allow(1);
		ring_->flush_lost(origin);
		return;
	}

	if (op.alarm) {
		const bool was_inside = std::exchange(inside_, true);

		if (poller_)
			poller_->latency_expires();
		inside_ = was_inside;
		host::run_irq_works();
		host::expire_alarms();
		return;
	}

	const u32 id = ledger_.attempt(context, op);
	cxxrt::result<reservation> begun = op.given_up ? ring_->begin_discardable(op.bytes, origin)
						       : ring_->begin(op.bytes, origin);

	if (!begun) {
		ledger_.refused(id);
		if (poller_ && begun.error().code() == ENOSPC) {
			const bool was_inside = std::exchange(inside_, true);

			poller_->refused_full(op.bytes, context_ || poller_->is_mixed());
			inside_ = was_inside;
		}
		return;
	}

	note_unread();

	reservation record = begun.take();
	u64 words[largest_record / 8];

	make_record(words, id, op.bytes);
	record.copy(words, 16);
	record.copy(words + 2, op.bytes - 16);
	/* A record that is given up may have passed the watermark. */
	if (poller_)
		poller_->allow(op.wakes + (op.every != 0) + op.given_up);
	if (op.wakes)
		ring_->request_wakeup();
	if (op.wakes || scenario_.latency)
		ledger_.wants_wakeup(id);
	if (op.every)
		count(id, op.every);
	if (op.given_up) {
		ledger_.gives_up(id);
		record.discard(op.bytes, origin);
		return;
	}
	ledger_.finished(id);
	record.commit();
}

/* For the statistics, which may count more: a writer notes the tail that it saw. */
void machine::note_unread()
{
	const bool was_inside = std::exchange(inside_, true);
	const u64 tail = ring_->user_page()->data_tail;
	const u64 head = ring_->reserved();

	most_unread_ = std::max(most_unread_, ring_->backward() ? tail - head : head - tail);
	inside_ = was_inside;
}

/*
 * Counts that come within one another have no order that is seen from here. When the last of them
 * is through, a wakeup was asked for with each @every, the last one with this record at the latest.
 */
void machine::count(u32 id, u32 every)
{
	counting_++;
	ring_->count_event(every);
	counted_++;
	if (--counting_ || counted_ / every <= demanded_)
		return;
	demanded_ = counted_ / every;
	ledger_.wants_wakeup(id);
}

void machine::before(cxxrt::model::access access, const volatile void *where, std::size_t bytes)
{
	if (inside_)
		return;
	if (elsewhere_) {
		there_.before(access, where, bytes);
		return;
	}
	inside_ = true;
	before_writers(access, where, bytes, reader_.has_value(), &ring_->user_page()->data_tail);
	if (scenario_.far_alarms && exploring_)
		here_.before(access, where, bytes);
	inside_ = false;
}

void machine::intervene(bool shared)
{
	for (;;) {
		enum step { nothing, interrupt, drain, pause, watch, reader, far_alarm };
		struct {
			enum step step;
			unsigned context;
		} may[8] = {};
		unsigned count = 1;

		for (unsigned above = context_ + 1; above < contexts; above++)
			if (interrupts_left_[above])
				may[count++] = {interrupt, above};
		if (drains_left_ && observer_ && observer_->unread())
			may[count++] = {drain, 0};
		if (pauses_left_)
			may[count++] = {pause, 0};
		if (watches_left_)
			may[count++] = {watch, 0};
		if (shared && reader_ && !reader_->done())
			may[count++] = {reader, 0};
		if (far_alarms_left_)
			may[count++] = {far_alarm, 0};

		const auto chosen = may[choices_.choose(count)];

		switch (chosen.step) {
		case nothing:
			return;
		case interrupt:
			interrupts_left_[chosen.context]--;
			if (poller_)
				poller_->interrupted();
			inside_ = false;
			run_script(chosen.context);
			inside_ = true;
			if (observer_)
				observer_->look();
			else
				memory_.finish_store();
			break;
		case drain:
			drains_left_--;
			if (poller_)
				poller_->interrupted();
			read_all();
			break;
		case pause:
			ring_->pause(--pauses_left_);
			break;
		case watch:
			watches_left_ = false;
			watching_.emplace([this] { ring_->watch_stats(); });
			break;
		case reader:
			reader_->step(true);
			break;
		case far_alarm:
			far_alarms_left_--;
			fire_elsewhere();
			break;
		}
	}
}

void machine::fire_elsewhere()
{
	if (poller_) {
		poller_->interrupted();
		poller_->latency_expires();
	}
	/* The irq_work that starts it is its CPU's, and an atomic operation has raised it. */
	host::run_irq_works();
	here_.hide();
	there_.show();
	elsewhere_ = true;
	inside_ = false;
	host::expire_alarms();
	inside_ = true;
	/* A woken reader reads from there. */
	host::run_irq_works();
	elsewhere_ = false;
	there_.hide();
	here_.show();
}

void machine::raised(const void *work)
{
	const bool was_inside = std::exchange(inside_, true);

	raises_++;
	if (poller_)
		poller_->raised(work);
	/* Raising is an atomic operation that orders. */
	(elsewhere_ ? there_ : here_).drain();
	/* With a latency, also the irq_work that starts the alarm is raised: see woken(). */
	if (observer_ && !scenario_.latency) {
		observer_->look();
		ledger_.wake();
	}
	inside_ = was_inside;
}

void machine::woken()
{
	const bool was_inside = std::exchange(inside_, true);

	if (elsewhere_) {
		/* It wakes for what it sees; what it does not see sleeps on. */
		if (ring_->user_page()->data_head == observer_->head())
			ledger_.wake();
	} else {
		observer_->look();
		ledger_.wake();
	}
	inside_ = was_inside;
}

void machine::settle()
{
	const plain_origin origin;

	/* A sleeping reader has not taken anything: time passes. */
	for (unsigned i = 0; scenario_.latency && i < 2; i++) {
		host::run_irq_works();
		if (poller_)
			poller_->latency_expires();
		host::expire_alarms();
	}
	check_poller();
	host::run_irq_works();
	ring_->pause(false);
	if (observer_) {
		observer_->look();
		read_all();
		check_losses_are_reported();
	}
	/* Twice: a report needs space, and may be refused once more. */
	for (unsigned i = 0; i < 2; i++) {
		if (observer_) {
			observer_->look();
			read_all();
		} else {
			memory_.finish_store();
			reader_->finish();
		}
		ring_->flush_lost(origin);
	}
	if (observer_) {
		observer_->look();
		observer_->drain();
	} else {
		reader_->finish();
	}
}

void machine::check_end()
{
	ledger_.check_end(ring_->records(), ring_->losses().total());

	const auto *stats = static_cast<const perfbuf_ring_stats *>(
		pb_test_frame_address(ring_->watch_stats()));
	const u64 head = ring_->user_page()->data_head;

	if (stats->bytes != (ring_->backward() ? 0 - head : head))
		fail("the ring counts other bytes than there are");
	if (scenario_.watched && !ring_->overwrite() && stats->high_water < most_unread_)
		fail("the statistics say less than was unread at once");
}

/* The ring is empty and takes records: the next that fits reports the pending loss. */
void machine::check_losses_are_reported()
{
	if (!ring_->can_flush_lost(0))
		return;
	write(0, {.bytes = smallest_record});
	if (ring_->can_flush_lost(0))
		fail("a record that fits with its loss does not report it");
}

void machine::check_no_storm()
{
	/* The one that polls knows better. */
	if (!observer_ || scenario_.latency || poller_)
		return;

	const unsigned before = raises_;
	const unsigned records = 8;

	/* These are counted to another number. */
	demanded_ = ~0u;

	for (unsigned i = 0; i < records; i++) {
		write(0, {.bytes = smallest_record, .every = 4});
		observer_->look();
		observer_->drain();
	}

	/* By watermark, by count, and one of each that was begun before. */
	if (raises_ - before > records * smallest_record / ring_->watermark() + records / 4 + 2)
		fail("every record wakes");
}

void machine::print() const
{
	ledger_.print();
	std::fprintf(stderr, "  data_head %#llx, data_tail %#llx, %u wakeups\n",
		     ring_->user_page()->data_head, ring_->user_page()->data_tail, raises_);
}

u64 explore(const scenario &scenario, reader_fault fault)
{
	explorer choices;

	return choices.explore([&] { machine(scenario, choices, fault).run(); });
}

} // namespace perfbuf::model
