// SPDX-License-Identifier: GPL-2.0
#include "history.hpp"

#include "../../support.h"
#include "../host.hpp"

#include "ring/write.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace perfbuf::oracle
{

namespace
{

history *at_hand;

class writer final : public record_origin
{
public:
	explicit writer(u32 trailer_bytes) : record_origin(1, trailer_bytes) {}

	void write_trailer(reservation &into) const noexcept override
	{
		for (u32 done = 0; done < trailer_bytes; done += 8)
			into.put(trailer_word + done);
	}
};

constexpr u64 latency_ns = 1000;

/* For as long as the scope lasts, accesses are the test's own. */
class aside
{
public:
	explicit aside(bool &elsewhere)
		: elsewhere_(elsewhere), was_(std::exchange(elsewhere, true))
	{
	}
	~aside() { elsewhere_ = was_; }
	aside(const aside &) = delete;
	aside &operator=(const aside &) = delete;

private:
	bool &elsewhere_;
	const bool was_;
};

} // namespace

perf_buffer::options history::choose_ring(const plan &what, random &choices)
{
	static constexpr storage_kind kinds[] = {storage_kind::pages, storage_kind::pages,
						 storage_kind::vmalloc, storage_kind::mirrored};
	static constexpr u64 starts[] = {0, 0, 0xffffffff, ~u64{0}, u64{1} << 63};
	const storage_kind kind = kinds[choices.below(4)];
	/* What is mirrored has pages of the host. */
	const bool overwrite = what.overwrite && choices.once_in(2);
	const u32 pages = kind == storage_kind::mirrored ? 64
			  : overwrite			 ? 16u << choices.below(3)
							 : 2u << choices.below(6);
	const u64 size = u64{pages} << page_shift;
	const u64 start = starts[choices.below(5)] - choices.below(2 * size);

	return {.nr_pages = pages,
		.watermark = what.whole_watermark
				     ? size
				     : (choices.once_in(4)   ? 0
					: choices.once_in(2) ? 8 + 8 * choices.below(size / 8)
							     : 1 + choices.below(size)),
		.overwrite = overwrite,
		.backward = what.directions && choices.once_in(3),
		.storage = kind,
		.page_order = static_cast<u32>(choices.below(4)),
		.start = start & ~u64{7}};
}

history::history(const plan &what, u64 seed, bool trace)
	: what_(what), allocations_(pb_test_live_allocations()), choices_(seed), trace_(trace),
	  trailer_bytes_(static_cast<u32>(8 * choices_.below(3) * choices_.below(2))),
	  modulo_(choices_.once_in(4)),
	  every_(what.counts ? static_cast<u32>(choices_.below(6)) : 0),
	  ring_(perf_buffer::create(choose_ring(what, choices_)).take()),
	  largest_(ring_->overwrite() ? ring_->size() : ring_->size() - record_alignment),
	  stream_(*ring_, trailer_bytes_)
{
	at_hand = this;
	reader_.emplace(*ring_);
	host::on_raise = [](const void *work) { at_hand->raised(work); };
	if (what.latency && ring_->set_wakeups(latency_ns, true)) {
		limited_ = true;
		reader_->sends(true);
	}
	say("%llu bytes, watermark %llu, %s%s%s, start %#llx, trailer %u, one of %u%s",
	    ring_->size(), ring_->watermark(), ring_->backward() ? "backward" : "forward",
	    ring_->overwrite() ? ", overwrite" : "", limited_ ? ", latency" : "",
	    ring_->user_page()->data_head, trailer_bytes_, every_, modulo_ ? ", modulo" : "");
}

history::~history()
{
	end();
}

const char *history::end()
{
	if (!ring_)
		return broken_;
	host::on_raise = nullptr;
	elsewhere_ = true;
	/* What was raised last may run when the ring has gone. */
	ring_->repeat_wakeups();
	if (limited_ && !ring_->set_wakeups(latency_ns, true))
		fail("no memory");
	reader_.reset();
	at_hand = nullptr;
	ring_.reset();
	host::reclaim();
	host::settle();
	if (pb_test_live_allocations() != allocations_ && !broken_)
		broken_ = "memory of the ring is not freed";
	return broken_;
}

const char *history::run()
{
	const writer who(trailer_bytes_);

	for (; step_ < what_.steps && !broken_; step_++) {
		if (what_.pauses && choices_.once_in(what_.pauses)) {
			ring_->pause(!ring_->paused());
			say("pause %d", ring_->paused());
		} else if (what_.watches && choices_.once_in(what_.watches)) {
			ring_->watch_stats();
			watched_ = true;
			say("watch");
		} else if (what_.flushes && choices_.once_in(what_.flushes)) {
			say("flush: %llu owed", stream_.owed());
			reader_->allow(1);
			ring_->flush_lost(who);
			check();
		} else if (what_.requests && choices_.once_in(4 * what_.requests)) {
			wake_published();
			check();
		} else if (what_.latency && choices_.once_in(16)) {
			limited_ = !limited_;
			say("%s", limited_ ? "a latency" : "no latency");
			if (!ring_->set_wakeups(limited_ ? latency_ns : 0, !silent_))
				fail("no memory");
			reader_->sets_latency();
			check();
		} else if (what_.silences && choices_.once_in(what_.silences)) {
			silent_ = !silent_;
			say("%s", silent_ ? "wants no wakeups" : "wants wakeups");
			if (!ring_->set_wakeups(limited_ ? latency_ns : 0, !silent_))
				fail("no memory");
			reader_->sends(!silent_);
			reader_->poll();
			check();
		} else if (what_.reads && choices_.once_in(what_.reads)) {
			read(true);
			check();
		} else if (choices_.once_in(3)) {
			pass_time();
			check();
		} else {
			write_as_task();
		}
	}
	if (broken_)
		return broken_;

	/* The end: what is owed is reported, and all is read. */
	ring_->pause(false);
	for (u32 i = 0; i < 3 && !ring_->overwrite() && !broken_; i++) {
		read(false);
		reader_->allow(1);
		ring_->flush_lost(who);
		check();
	}
	if (!broken_ && !ring_->overwrite() && stream_.owed())
		fail("PERF_RECORD_LOST does not report what was lost");
	if (!broken_)
		if (const char *broken = stream_.check_counts())
			fail(broken);
	return broken_;
}

u32 history::choose_bytes()
{
	const u64 size = ring_->size();
	u64 bytes;

	if (what_.too_large && level_)
		return static_cast<u32>(std::min<u64>(size, record_size_max)) + 8;
	/* It fits, and rarely not with the report of a loss. */
	if (what_.too_large)
		return static_cast<u32>(
			choices_.once_in(6) ? std::min<u64>(largest_, record_size_max) : 24);
	/* In overwrite mode, what nested writers write may not come around to the writer's own. */
	if (ring_->overwrite() && (level_ || !choices_.once_in(4))) {
		bytes = choices_.below(size / 16);
	} else if (ring_->overwrite()) {
		nested_left_ = 0;
		bytes = choices_.below(size + 16);
	} else if (what_.large_then_small) {
		bytes = step_ < what_.steps / 2 ? std::min(largest_, ring_->watermark() * 2) : 24;
	} else if (what_.extremes) {
		/* Also what fills the ring together with the report of a loss. */
		const u64 sizes[] = {largest_, largest_ - sizeof(lost_record) - trailer_bytes_, 16,
				     64};

		bytes = sizes[choices_.below(4)];
	} else if (choices_.once_in(16)) {
		bytes = size - 16 + 8 * choices_.below(4); /* the largest, and too large */
	} else if (choices_.once_in(4)) {
		bytes = choices_.below(size);
	} else {
		bytes = choices_.below(size / 4);
	}
	return static_cast<u32>(std::clamp<u64>(bytes & ~u64{7}, 8, record_size_max + 8));
}

u64 history::needed(u32 bytes) const
{
	const u64 together = stream_.owed() ? sizeof(lost_record) + trailer_bytes_ + bytes : bytes;

	return together <= largest_ ? together : bytes;
}

int history::expected(u32 bytes)
{
	const aside own(elsewhere_);

	if (ring_->paused())
		return EAGAIN;
	if (bytes > std::min<u64>(largest_, record_size_max))
		return E2BIG;

	const u64 head = ring_->user_page()->data_head;
	const u64 tail = ring_->user_page()->data_tail;
	const u64 mask = ring_->size() - 1;
	const u64 space =
		ring_->backward() ? (head - (tail + 1)) & mask : (tail - (head + 1)) & mask;

	return !ring_->overwrite() && space < needed(bytes) ? ENOSPC : 0;
}

void history::write_as_task()
{
	const bool watched = watched_;
	const u64 before = ring_->bytes();

	reader_->writer_enters();
	write_outermost();
	if (watching_) {
		watching_.reset();
		watched_ = true;
	}
	check();
	if (watched && !broken_ && !ring_->overwrite() && ring_->bytes() != before &&
	    stats().high_water < ring_->unread())
		fail("more is unread than the high-water mark of the statistics");
}

void history::write_outermost()
{
	nested_left_ = ring_->overwrite() ? 8 : ~0u;
	elsewhere_ = false;
	write(0);
	elsewhere_ = true;
}

const perfbuf_ring_stats &history::stats()
{
	return *static_cast<const perfbuf_ring_stats *>(
		pb_test_frame_address(ring_->watch_stats()));
}

void history::write(u32 context)
{
	const writer who(trailer_bytes_);
	const u32 bytes = choose_bytes();
	const bool gives_up =
		bytes >= sizeof(lost_record) + trailer_bytes_ && choices_.once_in(what_.discards);
	const u64 id = stream_.attempt(context, bytes);
	const int answer = level_ ? -1 : expected(bytes);
	const u64 need = needed(bytes);
	const u64 owed = stream_.owed();
	const u32 interventions = interventions_;
	const u32 interrupted = std::exchange(context_, context);

	level_++;
	say("%*s#%llu: %u bytes%s", static_cast<int>(2 * context), "", id, bytes,
	    gives_up ? ", given up" : "");

	/* By both ways in. */
	alignas(reservation) char space[sizeof(reservation)];
	int got;

	if (!gives_up && choices_.once_in(2)) {
		got = ring_->begin_at(space, bytes, who);
	} else {
		cxxrt::result<reservation> begun =
			gives_up ? ring_->begin_discardable(bytes, who) : ring_->begin(bytes, who);

		got = begun ? 0 : begun.error().code();
		if (begun)
			::new (space) reservation(begun.take());
	}

	if (answer >= 0 && interventions == interventions_ && got != answer)
		fail(got ? "a record is refused that must be taken, or with the wrong errno"
			 : "a record is taken that must be refused");
	if (got) {
		say("%*s#%llu refused: %d", static_cast<int>(2 * context), "", id, got);
		stream_.refused(id);

		const aside own(elsewhere_);

		if (got == ENOSPC)
			reader_->refused_full(need, level_ > 1 || interventions != interventions_);
		level_--;
		context_ = interrupted;
		return;
	}

	stream_.begun(id);

	reservation &record = *reinterpret_cast<reservation *>(space);
	const perf_event_header header = {.type = PERF_RECORD_SAMPLE,
					  .misc = static_cast<u16>(bytes == 8 ? id : 0),
					  .size = static_cast<u16>(bytes)};
	u64 words[record_size_max / 8];

	words[0] = __builtin_bit_cast(u64, header);
	if (bytes > 8)
		words[1] = id;
	for (u32 i = 2; i < bytes / 8; i++)
		words[i] = word_of(id, i);

	const u32 split = static_cast<u32>(8 * choices_.below(bytes / 8));

	if (split)
		record.copy(words, split);
	record.copy(words + split / 8, bytes - split);
	if (choices_.once_in(what_.requests)) {
		say("%*s#%llu asks for a wakeup", static_cast<int>(2 * context), "", id);
		reader_->allow(1);
		stream_.wants_wakeup(id);
		ring_->request_wakeup();
	}
	if (every_) {
		counted_++;
		if (!(counted_ % every_))
			reader_->allow(1);
		ring_->count_event(every_);
	}
	if (gives_up) {
		stream_.given_up(id);
		/* Its reservation may have passed the watermark. */
		reader_->allow(1);
		record.discard(bytes, who);
	} else {
		stream_.finished(id);
		record.commit();
	}
	level_--;
	context_ = interrupted;
	if (!level_ && interventions == interventions_ && owed && !gives_up &&
	    sizeof(lost_record) + trailer_bytes_ + bytes <= largest_) {
		if (const char *broken = stream_.look())
			fail(broken);
		else if (stream_.owed())
			fail("a record that fits with its loss does not report it");
	}
}

void history::before(cxxrt::model::access access)
{
	if (alarm_accesses_ && !--alarm_accesses_) {
		say("      meanwhile, on the writer's CPU");
		reader_->writer_enters();
		/* The alarm's own, which comes after the writer's. */
		reader_->allow(1);

		const u64 sent = reader_->sent();

		write_outermost();
		if (reader_->sent() == sent)
			reader_->interrupted();
		else
			reader_->next_is_older();
		return;
	}
	if (elsewhere_ || broken_ || access == cxxrt::model::access::barrier)
		return;
	intervene();
}

/* A wakeup for what was written, which may be published by a writer that we interrupt. */
void history::wake_published()
{
	const aside own(elsewhere_);

	say("wakes for what was written");
	reader_->allow(1);
	stream_.all_want_wakeup();
	elsewhere_ = !level_;
	ring_->wake_published();
	wakes_ = true;
}

void history::intervene()
{
	if (level_ && what_.requests && choices_.once_in(8 * what_.requests)) {
		interventions_++;
		reader_->interrupted();

		const u32 interrupted = std::exchange(context_, contexts - 1);

		wake_published();
		context_ = interrupted;
	}
	if (nested_left_ && context_ + 1 < contexts && choices_.once_in(what_.interrupts)) {
		nested_left_--;
		interventions_++;
		reader_->interrupted();
		write(context_ + 1 + static_cast<u32>(choices_.below(contexts - context_ - 1)));
	}

	const aside own(elsewhere_);

	if (choices_.once_in(what_.far_alarms)) {
		interventions_++;
		reader_->interrupted();
		say("      an alarm fires on another CPU");
		expire();
	}
	if (choices_.once_in(what_.far_reads)) {
		interventions_++;
		reader_->interrupted();
		read(true);
	}
	if (what_.pauses && choices_.once_in(16 * what_.pauses)) {
		interventions_++;
		ring_->pause(!ring_->paused());
		say("      pause %d", ring_->paused());
	}
	if (what_.watches && choices_.once_in(16 * what_.watches)) {
		interventions_++;
		/* Here it sees no writer's access; the rest of it runs when the writers have left.
		 */
		if (!watching_)
			watching_.emplace([this] { ring_->watch_stats(); });
		say("      watch");
	}
}

void history::raised(const void *work)
{
	const aside own(elsewhere_);

	reader_->raised(work);
	say("      an irq_work is raised");
}

/* What data_head shows, all or a part, and a poll. */
void history::read(bool may_be_part)
{
	if (ring_->overwrite()) {
		read_overwrite();
		return;
	}
	if (const char *broken = stream_.look()) {
		fail(broken);
		return;
	}

	const u64 head = ring_->user_page()->data_head;
	u64 tail = reader_->tail();

	if (ring_->backward()) {
		if (const char *broken = stream_.look_again(head, tail))
			fail(broken);
		tail = head;
	} else {
		const u64 from = tail;

		for (; tail != head && (!may_be_part || !choices_.once_in(6));
		     tail += stream_.bytes_at(tail))
			;
		if (const char *broken = stream_.look_again(from, tail))
			fail(broken);
	}
	if (broken_)
		return;
	reader_->consume(tail, modulo_ ? tail & (ring_->size() - 1) : tail);
	reader_->poll();
	say("      read up to %#llx of %#llx, %s", tail, head,
	    reader_->is_asleep() ? "sleeps" : "goes on");
}

void history::read_overwrite()
{
	if (level_)
		return;
	if (ring_->backward())
		if (const char *broken = stream_.look_back())
			fail(broken);
	reader_->poll();
}

/* Interrupts are on: irq_works run, and alarms fire. */
void history::pass_time()
{
	const bool was_asleep = reader_->is_asleep();
	const u64 sent = reader_->sent();
	const bool waits = ring_->user_page()->data_head != reader_->woken_at() &&
			   (ring_->overwrite() || ring_->user_page()->data_head != reader_->tail());
	const u64 head = ring_->user_page()->data_head;

	host::run_irq_works();
	expire();
	host::run_irq_works();
	say("time passes");
	if (limited_ && !silent_ && waits && sent == reader_->sent())
		fail("a record waits longer than the latency");
	if (limited_ && !silent_ && was_asleep && !ring_->overwrite() && head != reader_->tail() &&
	    !ring_->readable())
		fail("a record waits longer than the latency, and readable() is false");
	/* A reader that was woken polls; now or then it reads. */
	if (!ring_->overwrite())
		reader_->poll();
	if (!reader_->is_asleep() && choices_.once_in(2))
		read(choices_.once_in(2));
}

void history::expire()
{
	if (limited_)
		reader_->latency_expires();
	/* An alarm has fewer accesses. */
	if (!level_ && what_.far_writes && choices_.once_in(what_.far_writes))
		alarm_accesses_ = 1 + static_cast<u32>(choices_.below(10));
	host::expire_alarms();
	alarm_accesses_ = 0;
}

/* No writer is inside. */
void history::check()
{
	const u64 sent = std::exchange(sent_before_, reader_->sent());

	if (broken_)
		return;
	if (const char *broken = stream_.look())
		fail(broken);
	else if (stream_.reports_too_much())
		fail("PERF_RECORD_LOST reports more than was lost");
	else if (const char *promise = reader_->check(stream_.wanted()))
		fail(promise);
	if (ring_->aux_readable() || ring_->aux_unread())
		fail("a ring without an AUX area has something to read there");
	if (std::exchange(wakes_, false) && !silent_ && sent == reader_->sent())
		fail("nobody was woken for what was written");
	if (broken_ || !watched_)
		return;

	if (stats().wakeups != reader_->sent())
		fail("the statistics have other wakeups than were sent");
	if (stats().bytes != stream_.published() || stats().records != ring_->records())
		fail("the statistics are not those of the ring");
}

void history::fail(const char *what)
{
	if (!broken_)
		broken_ = what;
	say("BROKEN: %s", what);
}

void history::say(const char *format, ...)
{
	if (!trace_)
		return;

	const aside own(elsewhere_);
	std::va_list arguments;

	va_start(arguments, format);
	std::printf("  %4u  ", step_);
	std::vprintf(format, arguments);
	std::printf("  [head %#llx, unread %llu]\n", ring_->user_page()->data_head,
		    ring_->unread());
	va_end(arguments);
}

} // namespace perfbuf::oracle

void cxxrt::model::before(access what, const volatile void *, std::size_t) noexcept
{
	if (auto *current = perfbuf::oracle::at_hand)
		current->before(what);
}
