// SPDX-License-Identifier: GPL-2.0
/* Statistics of writers that nest and take long, marks and contexts at their boundaries. */
#include "ring_harness.hpp"

#include "ring/recursion.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* Writes a record, and @deepest - @depth more nested in it; checks the time of the longest write.
 */
void write_nested(void *test, perf_buffer &ring, u32 depth, u32 deepest) noexcept
{
	const u64 before = pb_duration_clock_ns();
	result<reservation> begun = ring.begin(16, origin());

	REQUIRE(begun);

	const u64 first = pb_duration_clock_ns();
	reservation record = begun.take();

	if (depth < deepest)
		write_nested(test, ring, depth + 1, deepest);
	while (pb_duration_clock_ns() - first < 2000)
		;

	const u64 last = pb_duration_clock_ns();

	fill_sample(record, 16, depth);
	record.commit();

	const u64 behind = pb_duration_clock_ns();
	const u64 longest = ring.stats().longest.read();

	if (depth > 4) {
		EXPECT_EQ(longest, 0);
		return;
	}
	EXPECT(longest >= last - first);
	EXPECT(longest <= behind - before);
}

} // namespace

CASE(ring_stats, the_longest_write_is_timed_at_four_depths_and_no_deeper)
{
	for (u32 deepest : {1u, 2u, 3u, 4u, 5u, 7u}) {
		ref<perf_buffer> ring = make_ring();

		REQUIRE(ring);
		ring->watch_stats();
		{
			writer_section section;

			write_nested(test, *ring, 1, deepest);
		}
		EXPECT_EQ(ring->stats().nesting.read(), deepest);
		EXPECT_EQ(ring->records(), deepest);
		EXPECT(!ring->readable());
		/* A time of a deeper level would have overwritten the member behind the times. */
		ring->wakeup();
		EXPECT(ring->readable());
	}
}

CASE(ring_stats, high_water_is_what_was_unread_however_the_tail_is_stored)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = backward});

		REQUIRE(ring);
		ring->watch_stats();
		for (u32 i = 0; i < 200; i++) {
			REQUIRE(!write_sample(*ring, 64, i));
			ring->user_page()->data_tail = ring->user_page()->data_head % ring->size();
		}
		EXPECT_EQ(ring->stats().high_water.read(), 64);
	}
}

CASE(ring_stats, high_water_says_nothing_in_overwrite_mode)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .overwrite = true});

	REQUIRE(ring);
	ring->watch_stats();
	for (u32 i = 0; i < 10; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	EXPECT_EQ(ring->stats().high_water.read(), 0);
	EXPECT_EQ(ring->stats().records.read_once(), 10);
}

CASE(ring_wakeup, a_record_that_ends_on_a_multiple_of_the_watermark_has_not_passed_it)
{
	for (u32 multiple : {1u, 2u, 3u, 5u}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 64});

		REQUIRE(ring);

		attached_sleeper reader(*ring);

		EXPECT_EQ(write_sample(*ring, 64 * multiple, 0), 0);
		EXPECT_EQ(reader.woken(), multiple > 1);
		EXPECT_EQ(write_sample(*ring, 16, 1), 0);
		EXPECT_EQ(reader.woken(), 1);
		EXPECT_EQ(write_sample(*ring, 48, 2), 0);
		EXPECT_EQ(reader.woken(), 0);
		EXPECT_EQ(write_sample(*ring, 16, 3), 0);
		EXPECT_EQ(reader.woken(), 1);
	}
}

CASE(recursion, a_closed_context_is_not_entered_and_a_busy_one_is_not_closed)
{
	recursion_context context;

	EXPECT(!context.is_closed());
	EXPECT(context.try_enter());
	EXPECT(!context.is_closed());
	context.exit();
	/* A busy context stores a word of its writer. */
	EXPECT(context.try_enter(8));
	EXPECT_EQ(context.word(), 8);
	context.set_word(24);
	EXPECT_EQ(context.word(), 24);
	EXPECT(!context.try_enter());
	context.exit();
	EXPECT(!context.is_closed());
	context.close();
	EXPECT(context.is_closed());
	EXPECT(!context.try_enter());
	EXPECT(context.is_closed());
}

CASE(ring_stats, statistics_that_no_reader_has_mapped_note_nothing_of_nested_writers)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	{
		writer_section section;
		result<reservation> begun = ring->begin(64, origin());

		REQUIRE(begun);

		reservation outer = begun.take();

		EXPECT_EQ(write_sample(*ring, 64, 1), 0);
		fill_sample(outer, 64, 0);
		outer.commit();
	}
	ring->pause(true);
	EXPECT_EQ(write_sample(*ring, 64, 2), EAGAIN);
	ring->pause(false);
	flush_lost(*ring);
	EXPECT_EQ(ring->stats().longest.read(), 0);
	EXPECT_EQ(ring->stats().nesting.read(), 0);
	EXPECT_EQ(ring->stats().high_water.read(), 0);
}

CASE(ring_stats, a_loss_that_is_reported_alone_is_noted_as_a_record)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	ring->watch_stats();
	ring->pause(true);
	EXPECT_EQ(write_sample(*ring, 64, 2), EAGAIN);
	ring->pause(false);
	flush_lost(*ring);
	EXPECT_EQ(ring->stats().high_water.read(), sizeof(lost_record));
	EXPECT_EQ(ring->stats().nesting.read(), 1);
	EXPECT(ring->stats().longest.read() > 0);
	EXPECT(is_left(*ring));
}

CASE(ring_loss, a_loss_can_be_reported_just_when_its_record_has_space)
{
	for (u32 trailer : {0u, 16u}) {
		const u64 bytes = sizeof(lost_record) + trailer;

		for (u64 left = 0; left < 64; left += 8) {
			ref<perf_buffer> ring = make_ring();

			REQUIRE(ring);

			const u64 all = ring->size() - 8 - left;

			/* In two, since no record is larger than 64 KiB. */
			EXPECT_EQ(write_sample(*ring, static_cast<u32>(all / 16 * 8), 0), 0);
			EXPECT_EQ(write_sample(*ring, static_cast<u32>(all - all / 16 * 8), 1), 0);
			EXPECT(!ring->can_flush_lost(trailer));
			EXPECT_EQ(write_sample(*ring, 128, 2), ENOSPC);
			EXPECT_EQ(ring->can_flush_lost(trailer), left >= bytes);
			ring->pause(true);
			EXPECT(!ring->can_flush_lost(trailer));
			ring->pause(false);
			flush_lost(*ring, origin(7, trailer));
			EXPECT_EQ(ring->losses().total(), 1);
			EXPECT_EQ(ring->user_page()->data_head - all, left >= bytes ? bytes : 0);
			if (left < bytes)
				continue;

			const perf_event_header header =
				__builtin_bit_cast(perf_event_header, ring_reader(*ring).word(all));

			EXPECT_EQ(header.type, PERF_RECORD_LOST);
			EXPECT_EQ(header.misc, 0);
			EXPECT_EQ(header.size, bytes);
		}
	}
}

CASE(ring_loss, a_loss_in_overwrite_mode_can_be_reported_wherever_the_head_is)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .overwrite = true});

	REQUIRE(ring);
	ring->pause(true);
	EXPECT_EQ(write_sample(*ring, 64, 0), EAGAIN);
	EXPECT(!ring->can_flush_lost(0));
	ring->pause(false);
	EXPECT(ring->can_flush_lost(0));
	/* The first record reports the loss. */
	for (u32 i = 0; i < ring->size() / 64 - 1; i++)
		EXPECT_EQ(write_sample(*ring, 64, i), 0);
	/* With the 24 bytes of the loss before: a ring that is not overwritten would be full. */
	EXPECT_EQ(write_sample(*ring, 24, 0), 0);
	EXPECT(!ring->can_flush_lost(0));
	{
		writer_section section;

		ring->count_loss(loss_cause::recursion);
	}
	EXPECT(ring->can_flush_lost(0));
}

CASE(ring_discard, a_filler_is_a_LOST_record_that_counts_nothing)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	{
		writer_section section;
		result<reservation> begun = ring->begin_discardable(64, origin());

		REQUIRE(begun);

		reservation outer = begun.take();

		EXPECT_EQ(write_sample(*ring, 64, 1), 0);
		outer.discard(64, origin());
	}

	const perf_event_header header =
		__builtin_bit_cast(perf_event_header, ring_reader(*ring).word(0));

	EXPECT_EQ(header.type, PERF_RECORD_LOST);
	EXPECT_EQ(header.misc, 0);
	EXPECT_EQ(header.size, 64);
}

CASE(ring_in_place, a_refused_contiguous_reserve_leaves_the_ring_as_it_was)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2});

	REQUIRE(ring);
	for (u32 i = 0; i < page_size / 64 - 1; i++)
		REQUIRE(!write_sample(*ring, 64, i));

	writer_section section;

	EXPECT_EQ(ring->reserve_contiguous(128, origin()), nullptr);
	EXPECT(is_left(*ring));
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_in_place, contiguous_bytes_begin_on_the_next_page_if_the_last_copy_ended_a_page)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2});

	REQUIRE(ring);
	for (u32 i = 0; i < page_size / 64 - 1; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	{
		writer_section section;
		result<reservation> begun = ring->begin(128, origin());

		REQUIRE(begun);

		reservation record = begun.take();

		record.zero(64);
		u64 *words = static_cast<u64 *>(record.next_contiguous(64));

		REQUIRE(words);
		for (u32 i = 0; i < 8; i++)
			words[i] = 0x1234 + i;
		record.commit();
	}
	for (u32 i = 0; i < 8; i++)
		EXPECT_EQ(ring_reader(*ring).word(page_size + 8 * i), 0x1234 + i);
}
