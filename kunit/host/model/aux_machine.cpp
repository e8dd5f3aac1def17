// SPDX-License-Identifier: GPL-2.0
/* Explores writers and a reader of an AUX area. */
#include "aux_machine.hpp"

#include "../../support.h"
#include "../host.hpp"

#include <cstdio>
#include <cstring>

namespace perfbuf::model
{

namespace
{

/* Old bytes of an area that begins near 2^64 are no stream's. */
constexpr u32 data_pages = 16;

char *page_of(perf_buffer &ring, u64 position)
{
	const u64 offset = position & (ring.size() - 1);
	char *page = static_cast<char *>(
		pb_test_frame_address(ring.page_frame(1 + (offset >> page_shift)).take()));

	return page + (offset & (page_size - 1));
}

} // namespace

u8 aux_byte(u64 position)
{
	return static_cast<u8>((position + 1) * 0x9e3779b97f4a7c15ULL >> 56);
}

/* ---------------------------------------------------------------- far_aux_reader */

far_aux_reader::far_aux_reader(perf_buffer &ring, aux_area &area, weak_memory &memory,
			       reader_fault fault, unsigned rounds)
	: ring_(ring), area_(area), memory_(memory), fault_(fault), rounds_(rounds)
{
	memory_.share(&ring.user_page()->data_head, 8);
	memory_.share(&ring.user_page()->aux_head, 8);
	for (u32 i = 0; i < ring.nr_pages(); i++)
		memory_.share(page_of(ring, u64{i} << page_shift), page_size);
	for (u32 i = 0; i < area.nr_pages(); i++) {
		pages_.push_back(static_cast<char *>(area.memory().pages()[i]));
		memory_.share(pages_.back(), page_size);
	}
	aux_head_ = tail_ = reported_ = ring.user_page()->aux_tail;
	data_tail_ = ring.user_page()->data_tail;
}

void far_aux_reader::step(bool exploring)
{
	(this->*next_)(exploring);
}

void far_aux_reader::load_aux_head(bool exploring)
{
	const u64 last = aux_head_;

	memory_.load(&aux_head_, &ring_.user_page()->aux_head, 8, exploring);
	if (aux_head_ - last > area_.size())
		fail("aux_head goes back, or too far, for another CPU");
	/* F */
	if (fault_ != reader_fault::no_aux_rmb)
		memory_.reader_fence();
	next_ = &far_aux_reader::load_records;
}

u64 far_aux_reader::word(u64 position, bool exploring)
{
	u64 value;

	memory_.load(&value, page_of(ring_, position), 8, exploring);
	return value;
}

void far_aux_reader::load_records(bool exploring)
{
	u64 data_head;

	memory_.load(&data_head, &ring_.user_page()->data_head, 8, exploring);
	/* C */
	if (fault_ != reader_fault::no_rmb)
		memory_.reader_fence();
	for (; data_tail_ != data_head; data_tail_ += sizeof(aux_record)) {
		const u64 header = word(data_tail_, exploring);

		if (static_cast<u32>(header) != PERF_RECORD_AUX ||
		    word(data_tail_ + 8, exploring) != reported_)
			fail("a record of AUX is torn, or not where the last one ended");
		reported_ += word(data_tail_ + 16, exploring);
	}
	if (static_cast<s64>(reported_ - aux_head_) < 0)
		fail("another CPU sees a head before the record of what is under it");
	next_ = &far_aux_reader::load_bytes;
	/* Without D: the space is given back before it was read. */
	if (fault_ == reader_fault::no_mb) {
		__atomic_store_n(&ring_.user_page()->data_tail, data_tail_, __ATOMIC_RELAXED);
		__atomic_store_n(&ring_.user_page()->aux_tail, reported_, __ATOMIC_RELAXED);
	}
}

void far_aux_reader::load_bytes(bool exploring)
{
	for (u64 at = tail_; at != reported_;) {
		u8 bytes[page_size];
		const storage::span here = area_.memory().at(at);
		const u32 now = static_cast<u32>(cxxrt::min(reported_ - at, here.bytes));

		memory_.load(bytes, here.address, now, exploring);
		for (u32 i = 0; i < now; i++)
			if (bytes[i] != aux_byte(at + i))
				fail("another CPU sees a byte of AUX that is not there yet, or no "
				     "more");
		at += now;
	}
	/* D */
	memory_.reader_fence();
	next_ = &far_aux_reader::store_tails;
}

void far_aux_reader::store_tails(bool)
{
	tail_ = reported_;
	__atomic_store_n(&ring_.user_page()->data_tail, data_tail_, __ATOMIC_RELAXED);
	__atomic_store_n(&ring_.user_page()->aux_tail, tail_, __ATOMIC_RELAXED);
	if (rounds_)
		rounds_--;
	next_ = &far_aux_reader::load_aux_head;
}

void far_aux_reader::finish()
{
	do
		step(false);
	while (next_ != &far_aux_reader::load_aux_head);
	for (unsigned i = 0; i < 4; i++)
		step(false);
}

/* ---------------------------------------------------------------- aux_machine */

aux_machine::aux_machine(const aux_scenario &scenario, explorer &choices, reader_fault fault)
	: interrupted_cpu(choices), scenario_(scenario),
	  ring_(perf_buffer::create({.nr_pages = data_pages, .watermark = data_pages * page_size})
			.take()),
	  drains_left_(scenario.drains)
{
	aux_area::options wanted = {.nr_pages = 2,
				    .watermark = scenario.watermark,
				    .overwrite = scenario.overwrite,
				    .shared = scenario.shared,
				    .start = scenario.start};

	area_ = aux_area::create(*ring_, filler_, wanted).take();
	ring_->user_page()->aux_head = ring_->user_page()->aux_tail = scenario.start;
	seen_ = reported_ = woken_at_ = readable_to_ = scenario.start;
	begin(scenario.name, choices);
	for (unsigned i = 0; i < contexts; i++)
		interrupts_left_[i] = scenario.script[i].empty() ? 0 : scenario.interrupts[i];
	if (scenario.before)
		write({.bytes = scenario.before});
	if (scenario.rounds)
		reader_.emplace(*ring_, *area_, memory_, fault, scenario.rounds);
}

aux_machine::~aux_machine()
{
	end();
	area_.reset();
	ring_.reset();
	host::settle();
}

void aux_machine::run()
{
	exploring_ = true;
	run_script(0);
	inside_ = true;
	memory_.finish_store();
	intervene(true);
	exploring_ = false;
	check_end();
	inside_ = false;
}

void aux_machine::run_script(unsigned context)
{
	const unsigned interrupted = std::exchange(context_, context);

	for (const aux_op &op : scenario_.script[context])
		write(op);
	context_ = interrupted;
}

void aux_machine::write(const aux_op &op)
{
	if (scenario_.shared)
		write_shared(op.bytes);
	else
		write_alone(op.bytes);
}

void aux_machine::write_shared(u64 bytes)
{
	const plain_origin origin;
	const unsigned raises = raises_;
	cxxrt::result<aux_reservation> reserved = area_->reserve(bytes, origin);

	if (!reserved) {
		if (reserved.error().code() != ENOSPC)
			fail("a reservation is refused for no reason");
		refused(raises);
		return;
	}

	aux_reservation taken = reserved.take();
	const u64 position = taken.position();
	u8 words[128];

	for (u64 i = 0; i < bytes; i++)
		words[i] = aux_byte(position + i);
	taken.copy(words, bytes / 2);
	taken.copy(words + bytes / 2, bytes - bytes / 2);
	begun_ += bytes;
	taken.commit(origin);
}

void aux_machine::write_alone(u64 bytes)
{
	const plain_origin origin;
	const unsigned raises = raises_;
	perfbuf_aux_handle handle;

	area_->get();

	cxxrt::result<void> begun = area_->begin(handle);

	if (!begun) {
		area_->put();
		if (begun.error().code() == ENOSPC)
			refused(raises);
		else if (begun.error().code() != EBUSY || context_ == 0)
			fail("a transaction is refused for no reason");
		return;
	}

	u64 left = cxxrt::min<u64>(bytes, handle.size);
	const u64 written = left;

	if (left < bytes) {
		handle.flags |= PERF_AUX_FLAG_TRUNCATED;
		refused(raises);
	}
	for (u64 at = handle.head; left;) {
		const storage::span here = area_->memory().at(at);
		const u64 now = cxxrt::min(left, here.bytes);
		u8 words[128];

		for (u64 i = 0; i < now; i++)
			words[i] = aux_byte(at + i);
		cxxrt::copy_plain(here.address, words, now);
		at += now;
		left -= now;
	}
	begun_ += written;
	(void)area_->end(handle, written, origin);
}

/* @raises: before it was tried. */
void aux_machine::refused(unsigned raises)
{
	if (raises_at_full_ == ~0u)
		raises_at_full_ = raises;
}

void aux_machine::before(cxxrt::model::access access, const volatile void *where, std::size_t bytes)
{
	if (inside_)
		return;
	inside_ = true;
	before_writers(access, where, bytes, reader_.has_value(), &ring_->user_page()->aux_tail);
	inside_ = false;
}

void aux_machine::intervene(bool shared)
{
	for (;;) {
		/* 0: nothing; a context above; 10: the reader takes all; 11: a step of its own. */
		unsigned may[contexts + 3] = {};
		unsigned count = 1;

		for (unsigned above = context_ + 1; above < contexts; above++)
			if (interrupts_left_[above])
				may[count++] = above;
		if (drains_left_ && !reader_ && ring_->user_page()->aux_tail != seen_)
			may[count++] = 10;
		if (shared && reader_ && !reader_->done())
			may[count++] = 11;

		const unsigned chosen = may[choices_.choose(count)];

		switch (chosen) {
		case 0:
			return;
		case 10:
			drains_left_--;
			drain();
			break;
		case 11:
			reader_->step(true);
			break;
		default:
			interrupts_left_[chosen]--;
			inside_ = false;
			run_script(chosen);
			inside_ = true;
			if (reader_)
				memory_.finish_store();
			else
				look();
		}
	}
}

/* Snapshot mode has no records; what is under the head is what may not be written over yet. */
void aux_machine::look()
{
	const u64 head = ring_->user_page()->aux_head;

	if (static_cast<s64>(head - seen_) < 0)
		fail("aux_head goes back");
	if (!scenario_.overwrite)
		check_records(head);
	else if (head - scenario_.start > begun_)
		fail("aux_head covers what was not written");
	seen_ = head;
}

void aux_machine::check_records(u64 head)
{
	const u64 data_head = ring_->user_page()->data_head;

	for (; data_seen_ != data_head; data_seen_ += sizeof(aux_record)) {
		aux_record found;

		std::memcpy(&found, page_of(*ring_, data_seen_), sizeof(found));
		if (found.header.type != PERF_RECORD_AUX || found.offset != reported_)
			fail("a record of AUX is not where the last one ended");
		for (u64 at = reported_; at != reported_ + found.size; at++)
			if (static_cast<u8>(*area_->memory().at(at).address) != aux_byte(at))
				fail("a record reports bytes that are not there");
		reported_ += found.size;
		if (found.flags & PERF_AUX_FLAG_TRUNCATED)
			truncated_ = true;
	}
	if (static_cast<s64>(reported_ - head) < 0)
		fail("aux_head moves before the record of what is under it");
	/* The bytes that the reader has not given back stay. */
	for (u64 at = ring_->user_page()->aux_tail; at != head; at++)
		if (static_cast<u8>(*area_->memory().at(at).address) != aux_byte(at))
			fail("unread bytes were written over");
}

void aux_machine::drain()
{
	look();
	ring_->user_page()->data_tail = data_seen_;
	ring_->user_page()->aux_tail = seen_;
}

void aux_machine::raised(const void *)
{
	const bool was_inside = std::exchange(inside_, true);

	raises_++;
	woken_at_ = ring_->user_page()->aux_head;

	const u64 to = readable_to();

	if (static_cast<s64>(to - readable_to_) < 0)
		fail("a wakeup takes back the position that an earlier one was sent for");
	readable_to_ = to;
	inside_ = was_inside;
}

/* The position up to which poll(2) reports the area readable. */
u64 aux_machine::readable_to()
{
	perf_event_mmap_page &page = *ring_->user_page();
	const u64 tail = page.aux_tail;
	u64 to = tail;

	for (u64 at = tail; at != page.aux_head; at++) {
		page.aux_tail = at;
		if (area_->readable())
			to = at + 1;
	}
	page.aux_tail = tail;
	return to;
}

void aux_machine::check_end()
{
	if (reader_)
		reader_->finish();
	else
		look();

	const u64 head = ring_->user_page()->aux_head;

	if (head - scenario_.start != begun_ || head != area_->published())
		fail("what was written and what aux_head says are not the same");
	if (scenario_.overwrite || reader_)
		return;
	if (reported_ != head)
		fail("not all of it was announced");
	if (head - woken_at_ >= area_->watermark())
		fail("the watermark was passed and no reader was woken");
	if (raises_at_full_ == raises_)
		fail("the area was full and no reader was woken");
	if (raises_at_full_ != ~0u && scenario_.shared && !truncated_)
		fail("the area was full and no record says so");
}

void aux_machine::print() const
{
	std::fprintf(stderr,
		     "  aux_head %#llx, aux_tail %#llx, data_head %#llx, %llu bytes written\n",
		     ring_->user_page()->aux_head, ring_->user_page()->aux_tail,
		     ring_->user_page()->data_head, begun_);
}

u64 explore(const aux_scenario &scenario, reader_fault fault)
{
	explorer choices;

	return choices.explore([&] { aux_machine(scenario, choices, fault).run(); });
}

} // namespace perfbuf::model
