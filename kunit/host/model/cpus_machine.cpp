// SPDX-License-Identifier: GPL-2.0
/* Explores writers on several CPUs, with switches between every two accesses. */
#include "cpus_machine.hpp"

#include "../../support.h"
#include "../host.hpp"

#include <algorithm>
#include <cstdio>

namespace perfbuf::model
{

namespace
{

bool is_inside(const volatile void *where, const void *object, std::size_t bytes)
{
	const auto *at = static_cast<const volatile char *>(where);
	const auto *from = static_cast<const char *>(object);

	return at >= from && at < from + bytes;
}

} // namespace

cpus_machine::cpus_machine(const cpus_scenario &scenario, explorer &choices, footprint &words)
	: scenario_(scenario), choices_(choices), words_(words),
	  ring_(perf_buffer::create(scenario.ring).take()),
	  memory_(choices, [this] { reader_.note_moment(); }),
	  reader_(*ring_, area_, memory_, inside_), switches_left_(scenario.switches)
{
	begin(scenario.name, choices);
	if (scenario.aux)
		area_ = aux_area::create(*ring_, filler_,
					 {.nr_pages = 2,
					  .watermark = scenario.aux_watermark,
					  .shared = true})
				.take();
	ring_->attach(first_);
	if (scenario.latency) {
		if (!ring_->set_wakeups(1000, true))
			fail("no memory");
		host::run_irq_works();
		limited_ = true;
	}
	reader_.begin();
}

cpus_machine::~cpus_machine()
{
	inside_ = true;
	end();
	other_.reset();
	if (is_second_attached_)
		ring_->detach(second_);
	ring_->detach(first_);
	area_.reset();
	ring_.reset();
	host::settle();
}

void cpus_machine::run()
{
	exploring_ = true;
	inside_ = false;
	for (const op &op : scenario_.writes) {
		if (op.reads)
			reader_.read(false, op.bytes);
		else if (area_)
			write_aux(op.bytes);
		else
			write(op);
		pass_boundary();
	}
	inside_ = true;
	memory_.finish();
	while (!other_ || !other_->done()) {
		switch_to_other();
		inside_ = false;
		pass_boundary();
		inside_ = true;
	}
	exploring_ = false;
	memory_.settle();
	check_end();
}

/* ---------------------------------------------------------------- the CPUs */

std::optional<word_name> cpus_machine::name_of(const volatile void *where) const
{
	const struct {
		const void *object;
		std::size_t bytes;
	} objects[] = {
		{&*ring_, sizeof(perf_buffer)},
		{ring_->user_page(), sizeof(perf_event_mmap_page)},
		{&ring_->stats(), sizeof(ring_stats)},
		{area_ ? &*area_ : nullptr, area_ ? sizeof(aux_area) : 0},
		{&first_, sizeof(first_)},
		{&second_, sizeof(second_)},
		{&stored_, sizeof(stored_)},
	};

	for (unsigned i = 0; i < std::size(objects); i++)
		if (is_inside(where, objects[i].object, objects[i].bytes))
			return word_name{i, static_cast<const volatile char *>(where) -
						    static_cast<const char *>(objects[i].object)};
	return {};
}

void cpus_machine::before(cxxrt::model::access access, const volatile void *where,
			  std::size_t bytes)
{
	using enum cxxrt::model::access;

	if (inside_)
		return;
	inside_ = true;
	memory_.finish();
	if (!where) {
		memory_.before(current_, access, nullptr, 0);
	} else if (const auto name = name_of(where); name && access != plain_store) {
		words_.note(current_, *name, access != load && access != acquire);
		if (words_.is_shared(*name)) {
			maybe_switch();
			memory_.before(current_, access, where, bytes);
		} else if (access == rmw) {
			memory_.fence(current_);
		}
	}
	inside_ = false;
}

void cpus_machine::maybe_switch()
{
	if (!exploring_ || !switches_left_)
		return;
	if (current_) {
		if (choices_.choose(2)) {
			switches_left_--;
			host::waiting_call::leave();
		}
	} else if (!other_ || (!other_->done() && !other_->waits())) {
		if (choices_.choose(2)) {
			switches_left_--;
			switch_to_other();
		}
	}
}

/* The model is inside on both sides of a switch, but where the other CPU waits for the writer. */
void cpus_machine::switch_to_other()
{
	current_ = 1;
	if (!other_)
		other_.emplace([this] { other_cpu(); });
	else
		other_->resume();
	current_ = 0;
}

void cpus_machine::other_cpu()
{
	for (cpus_op op : scenario_.other) {
		inside_ = false;
		do_op(op);
		run_irq_works();
		inside_ = true;
		memory_.finish();
	}
}

void cpus_machine::do_op(cpus_op op)
{
	switch (op) {
	case cpus_op::pause:
		ring_->pause(true);
		cxxrt_synchronize_rcu();
		paused_ = true;
		break;
	case cpus_op::map_statistics:
		ring_->watch_stats();
		watched_ = true;
		break;
	case cpus_op::set_latency:
		if (!ring_->set_wakeups(1000, true))
			fail("no memory");
		limited_ = true;
		break;
	case cpus_op::fire_alarm:
		/* The CPU that starts it and the one that fires it take the lock of the timers. */
		memory_.see(current_, alarm_started_at_);
		host::expire_alarms();
		break;
	case cpus_op::poll:
	case cpus_op::poll_aux:
		reader_.poll(current_, op == cpus_op::poll_aux);
		break;
	case cpus_op::read:
		reader_.read(false, 0);
		break;
	case cpus_op::read_aux_part:
		reader_.read(true, 8);
		break;
	case cpus_op::barrier:
		cxxrt::smp_mb();
		break;
	case cpus_op::copy:
		copy();
		break;
	case cpus_op::print:
		print();
		break;
	case cpus_op::attach:
		ring_->attach(second_);
		is_second_attached_ = true;
		break;
	}
}

void cpus_machine::pass_boundary()
{
	run_irq_works();
	if (!other_ || !other_->waits())
		return;
	/* The grace period ends: both have executed a barrier. */
	inside_ = true;
	memory_.finish();
	memory_.fence(0);
	memory_.fence(1);
	memory_.fence(0);
	inside_ = false;
	switch_to_other();
	inside_ = false;
}

void cpus_machine::run_irq_works()
{
	if (!std::exchange(is_raised_, false))
		return;

	/* The kernel executes smp_mb() before it calls a function that was asked for. */
	inside_ = true;
	memory_.finish();
	memory_.fence(current_);
	inside_ = false;
	host::run_irq_works();
	inside_ = true;
	memory_.finish();
	alarm_started_at_ = memory_.now();
	inside_ = false;
}

/* ---------------------------------------------------------------- the writer */

void cpus_machine::write(const op &op)
{
	const plain_origin origin;
	const bool was_paused = paused_;
	const bool was_limited = limited_;
	cxxrt::result<reservation> begun = ring_->begin(op.bytes, origin);

	if (!begun) {
		/* A full ring wakes its reader. */
		if (begun.error().code() == ENOSPC)
			reader_.must_wake_for(ring_->reserved());
		return;
	}
	if (was_paused)
		fail("a ring that is paused takes a record");

	reservation record = begun.take();

	if (ring_->overwrite())
		cxxrt::write_once(stored_, ring_->reserved());

	u64 words[largest_record / 8];

	make_record(words, 0, op.bytes);
	record.copy(words, op.bytes);
	if (op.wakes)
		ring_->request_wakeup();
	record.commit();
	if (op.wakes || was_limited)
		reader_.must_wake_for(ring_->reserved());
}

/* A reader that copies a ring in overwrite mode leaves out what is too old for this position. */
void cpus_machine::copy()
{
	const u64 copied = cxxrt::read_once(stored_);
	const u64 reserved = ring_->reserved_after_copy(0).take();
	const s64 ahead = static_cast<s64>(copied - reserved);

	if (ring_->backward() ? ahead < 0 : ahead > 0)
		fail("a copy has bytes of a record, and not the position that reserved it");
}

/* A byte of a record is seen that was written over one of the last round. */
void cpus_machine::print()
{
	const u64 end = cxxrt::read_once(stored_);
	const u64 size = ring_->size();

	if (!end)
		return;
	const u64 last = ring_->backward() ? end + 8 : end - 8;
	const unsigned interrupts = interrupts_;

	if (ring_->holds_after_copy(ring_->backward() ? last + size : last - size))
		fail("an event of an oops has bytes of the record that overwrote it");
	if (interrupts_ != interrupts)
		fail("an oops interrupts another CPU");
}

void cpus_machine::write_aux(u64 bytes)
{
	const plain_origin origin;
	cxxrt::result<aux_reservation> begun = area_->reserve(bytes, origin);

	if (!begun)
		return;

	aux_reservation taken = begun.take();
	u8 zeros[largest_record] = {};

	taken.copy(zeros, bytes);
	taken.commit(origin);
}

void cpus_machine::raised(const void *)
{
	const bool was_inside = std::exchange(inside_, true);

	memory_.finish();
	memory_.fence(current_);
	is_raised_ = true;
	inside_ = was_inside;
}

void cpus_machine::ordered(int cpu)
{
	const bool was_inside = std::exchange(inside_, true);

	interrupts_++;
	memory_.finish();
	memory_.fence(static_cast<unsigned>(cpu));
	memory_.fence(current_);
	inside_ = was_inside;
}

/* ---------------------------------------------------------------- the reader */

void cpus_machine::woken(const target *which)
{
	if (which == &first_)
		reader_.woken(current_);
}

/* ---------------------------------------------------------------- the end */

/* Everything has arrived. Time passes, so alarms fire. */
void cpus_machine::check_end()
{
	for (unsigned i = 0; i < 2; i++) {
		host::run_irq_works();
		host::expire_alarms();
	}
	host::run_irq_works();

	reader_.check_end();
	if (!watched_)
		return;

	const ring_stats &stats = ring_->stats();

	if (stats.records.read_once() != ring_->records() ||
	    stats.bytes.read_once() != ring_->bytes())
		fail("the statistics that another CPU has mapped are not those of the ring");
}

void cpus_machine::print() const
{
	std::fprintf(stderr, "  CPU %u\n", current_);
	reader_.print();
}

u64 explore(const cpus_scenario &scenario)
{
	explorer choices;
	footprint words;
	u64 executions;

	do
		executions = choices.explore([&] { cpus_machine(scenario, choices, words).run(); });
	while (words.learn());
	return executions;
}

} // namespace perfbuf::model
