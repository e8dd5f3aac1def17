// SPDX-License-Identifier: GPL-2.0
/* Nested writers that write random records. */
#include "writers.hpp"

#include "ring/write.hpp"

#include <algorithm>

namespace perfbuf::oracle
{

u32 writers::choose_bytes()
{
	const u64 size = ring_.size();
	u64 bytes;

	if (test_.planned.too_large && test_.writers_inside)
		return static_cast<u32>(std::min<u64>(size, record_size_max)) + 8;
	/* It fits, and rarely not with the report of a loss. */
	if (test_.planned.too_large)
		return static_cast<u32>(
			choices_.once_in(6) ? std::min<u64>(test_.largest, record_size_max) : 24);
	/* In overwrite mode, what nested writers write may not come around to the writer's own. */
	if (ring_.overwrite() && (test_.writers_inside || !choices_.once_in(4))) {
		bytes = choices_.below(size / 16);
	} else if (ring_.overwrite()) {
		nested_left_ = 0;
		bytes = choices_.below(size + 16);
	} else if (test_.planned.large_then_small) {
		bytes = test_.step < test_.planned.steps / 2
				? std::min(test_.largest, ring_.watermark() * 2)
				: 24;
	} else if (test_.planned.extremes) {
		/* Also what fills the ring together with the report of a loss. */
		const u64 sizes[] = {test_.largest,
				     test_.largest - sizeof(lost_record) - test_.trailer_bytes, 16,
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

u64 writers::needed(u32 bytes) const
{
	const u64 together = test_.contents.pending_losses()
				     ? sizeof(lost_record) + test_.trailer_bytes + bytes
				     : bytes;

	return together <= test_.largest ? together : bytes;
}

int writers::expected(u32 bytes)
{
	const aside own(test_);

	if (ring_.paused())
		return EAGAIN;
	if (bytes > std::min<u64>(test_.largest, record_size_max))
		return E2BIG;

	const u64 head = ring_.user_page()->data_head;
	const u64 tail = ring_.user_page()->data_tail;
	const u64 mask = ring_.size() - 1;
	const u64 space =
		ring_.backward() ? (head - (tail + 1)) & mask : (tail - (head + 1)) & mask;

	return !ring_.overwrite() && space < needed(bytes) ? ENOSPC : 0;
}

void writers::write_as_task()
{
	test_.reader->writer_enters();
	write_outermost();
}

bool writers::end_watching()
{
	const bool was_begun = watching_.has_value();

	watching_.reset();
	return was_begun;
}

void writers::write_outermost()
{
	nested_left_ = ring_.overwrite() ? 8 : ~0u;
	test_.elsewhere = false;
	write(0);
	test_.elsewhere = true;
}

void writers::write(u32 context)
{
	const test_origin origin(test_);
	const u32 bytes = choose_bytes();
	const bool gives_up = bytes >= sizeof(lost_record) + test_.trailer_bytes &&
			      choices_.once_in(test_.planned.discards);
	const u64 id = test_.contents.attempt(context, bytes);
	const int answer = test_.writers_inside ? -1 : expected(bytes);
	const u64 need = needed(bytes);
	const u64 pending_losses = test_.contents.pending_losses();
	const u32 interventions = interventions_;
	const u32 interrupted = std::exchange(context_, context);

	test_.writers_inside++;
	test_.say("%*s#%llu: %u bytes%s", static_cast<int>(2 * context), "", id, bytes,
		  gives_up ? ", given up" : "");

	/* By both ways in. */
	alignas(reservation) char space[sizeof(reservation)];
	int got;

	if (!gives_up && choices_.once_in(2)) {
		got = ring_.begin_at(space, bytes, origin);
	} else {
		cxxrt::result<reservation> begun = gives_up ? ring_.begin_discardable(bytes, origin)
							    : ring_.begin(bytes, origin);

		got = begun ? 0 : begun.error().code();
		if (begun)
			::new (space) reservation(begun.take());
	}

	if (answer >= 0 && interventions == interventions_ && got != answer)
		test_.fail(got ? "a record is refused that must be taken, or with the wrong errno"
			       : "a record is taken that must be refused");
	if (got) {
		test_.say("%*s#%llu refused: %d", static_cast<int>(2 * context), "", id, got);
		test_.contents.refused(id);

		const aside own(test_);

		if (got == ENOSPC)
			test_.reader->refused_full(need, test_.writers_inside > 1 ||
								 interventions != interventions_);
		test_.writers_inside--;
		context_ = interrupted;
		return;
	}

	reservation &record = *reinterpret_cast<reservation *>(space);

	test_.contents.begun(id);
	fill(record, id, bytes);
	if (choices_.once_in(test_.planned.requests)) {
		test_.say("%*s#%llu asks for a wakeup", static_cast<int>(2 * context), "", id);
		test_.reader->allow(1);
		test_.contents.wants_wakeup(id);
		ring_.request_wakeup();
	}
	if (test_.every) {
		counted_++;
		if (!(counted_ % test_.every))
			test_.reader->allow(1);
		ring_.count_event(test_.every);
	}
	if (gives_up) {
		test_.contents.given_up(id);
		/* Its reservation may have passed the watermark. */
		test_.reader->allow(1);
		record.discard(bytes, origin);
	} else {
		test_.contents.finished(id);
		record.commit();
	}
	test_.writers_inside--;
	context_ = interrupted;
	if (!test_.writers_inside && interventions == interventions_ && pending_losses &&
	    !gives_up && sizeof(lost_record) + test_.trailer_bytes + bytes <= test_.largest) {
		if (const char *broken = test_.contents.look())
			test_.fail(broken);
		else if (test_.contents.pending_losses())
			test_.fail("a record that fits with its loss does not report it");
	}
}

void writers::fill(reservation &record, u64 id, u32 bytes)
{
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
}

void writers::before(cxxrt::model::access access)
{
	if (test_.alarm_accesses && !--test_.alarm_accesses) {
		write_in_alarm();
		return;
	}
	if (test_.elsewhere || test_.broken || access == cxxrt::model::access::barrier)
		return;
	intervene();
}

void writers::write_in_alarm()
{
	test_.say("      meanwhile, on the writer's CPU");
	test_.reader->writer_enters();
	/* The alarm's own, which comes after the writer's. */
	test_.reader->allow(1);

	const u64 sent = test_.reader->sent();

	write_outermost();
	if (test_.reader->sent() == sent)
		test_.reader->interrupted();
	else
		test_.reader->next_is_older();
}

void writers::wake_published()
{
	const aside own(test_);

	test_.say("wakes for what was written");
	test_.reader->allow(1);
	test_.contents.all_want_wakeup();
	test_.elsewhere = !test_.writers_inside;
	ring_.wake_published();
	wakes_ = true;
}

void writers::intervene()
{
	if (test_.writers_inside && test_.planned.requests &&
	    choices_.once_in(8 * test_.planned.requests)) {
		interventions_++;
		test_.reader->interrupted();

		const u32 interrupted = std::exchange(context_, contexts - 1);

		wake_published();
		context_ = interrupted;
	}
	if (nested_left_ && context_ + 1 < contexts && choices_.once_in(test_.planned.interrupts)) {
		nested_left_--;
		interventions_++;
		test_.reader->interrupted();
		write(context_ + 1 + static_cast<u32>(choices_.below(contexts - context_ - 1)));
	}

	const aside own(test_);

	if (choices_.once_in(test_.planned.far_alarms)) {
		interventions_++;
		test_.reader->interrupted();
		test_.say("      an alarm fires on another CPU");
		test_.expire_alarms();
	}
	if (choices_.once_in(test_.planned.far_reads)) {
		interventions_++;
		test_.reader->interrupted();
		test_.read(true);
	}
	if (test_.planned.pauses && choices_.once_in(16 * test_.planned.pauses)) {
		interventions_++;
		test_.toggle_pause();
		test_.say("      pause %d", ring_.paused());
	}
	if (test_.planned.watches && choices_.once_in(16 * test_.planned.watches)) {
		interventions_++;
		/* Here it sees no writer's access; the rest of it runs when the writers have left.
		 */
		if (!watching_)
			watching_.emplace([this] { ring_.watch_stats(); });
		test_.say("      watch");
	}
}

} // namespace perfbuf::oracle
