// SPDX-License-Identifier: GPL-2.0
/* Overwrite mode and backward rings: the newest records overwrite the oldest, whatever the tail. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

ref<perf_buffer> overwriting(bool backward = false, u64 watermark = 0) noexcept
{
	return make_ring(
		{.nr_pages = 1, .watermark = watermark, .overwrite = true, .backward = backward});
}

} // namespace

CASE(ring_overwrite, no_record_is_lost_for_want_of_space)
{
	ref<perf_buffer> ring = overwriting();

	REQUIRE(ring);
	for (u32 i = 0; i < 1000; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	EXPECT_EQ(ring->losses().total(), 0);
	EXPECT_EQ(ring_reader(*ring).head(), 64000);
}

CASE(ring_overwrite, the_newest_records_of_a_forward_ring_end_at_the_head)
{
	ref<perf_buffer> ring = overwriting();

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 1000; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	for (u32 back = 1; back <= 64; back++) {
		const seen found = reader.at(reader.head() - u64{64} * back);

		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, 1000 - back);
	}
}

CASE(ring_overwrite, a_forward_ring_keeps_marks_where_records_begin_one_for_each_watermark)
{
	ref<perf_buffer> ring =
		make_ring({.nr_pages = 1, .watermark = 256, .overwrite = true, .marks = true});

	REQUIRE(ring);

	ring_reader reader(*ring);
	/* As many as the ring can hold, each record having 24 bytes or more. */
	u32 positions[192];
	const u32 count = 640;

	for (u32 i = 0; i < count; i++) {
		positions[i % 192] = static_cast<u32>(ring->published());
		REQUIRE(!write_sample(*ring, 24 + 8 * (i % 9), i));
	}

	/* Each mark that is not overwritten is the position of a record. */
	u64 lowest = ring->published();
	u32 kept = 0;

	for (u32 i = 0; i < perf_buffer::mark_count; i++) {
		const u64 mark = ring->marks()[i];

		EXPECT(mark <= ring->published());
		if (mark < ring->published() - ring->size())
			continue;

		bool begins = mark == ring->published();

		for (u32 at : positions)
			begins |= at == mark;
		EXPECT(begins);
		kept++;
		lowest = lowest < mark ? lowest : mark;
	}
	EXPECT(kept >= 14);
	/* Behind the statistics, in their page. */
	const u64 *statistics = reinterpret_cast<const u64 *>(&ring->stats());

	EXPECT(ring->marks() >= statistics + sizeof(ring_stats) / sizeof(u64));
	EXPECT(ring->marks() + perf_buffer::mark_count <= statistics + 4096 / sizeof(u64));
	EXPECT(lowest <= ring->published() - ring->size() + 2 * 256);
	EXPECT(!overwriting()->marks());
}

CASE(ring_overwrite, all_of_a_ring_is_certain_after_a_copy_where_stores_are_seen_in_order)
{
	ref<perf_buffer> ring = overwriting();

	REQUIRE(ring);
	for (u32 i = 0; i < 1000; i++)
		REQUIRE(!write_sample(*ring, 64, i));

	const u64 oldest = ring->reserved() - ring->size();

	EXPECT(ring->holds_after_copy(oldest));
	EXPECT(!ring->holds_after_copy(oldest - 8));
}

CASE(ring_overwrite, a_backward_ring_is_read_from_its_head_newest_first)
{
	ref<perf_buffer> ring = overwriting(true);

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 1000; i++)
		REQUIRE(!write_sample(*ring, 24 + 8 * (i % 30), i));

	u64 at = reader.head();
	const u64 end = at + ring->size();
	u64 sequence = 1000;

	for (;;) {
		const seen found = reader.at(at);

		if (at + found.bytes > end)
			break;
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, --sequence);
		at += found.bytes;
	}
	EXPECT(end - at < 24 + 8 * 30);
}

CASE(ring_overwrite, a_stored_tail_changes_nothing_for_the_writer)
{
	ref<perf_buffer> ring = overwriting();

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 200; i++) {
		reader.store_tail(u64{i} * 0x9e3779b97f4a7c15ULL);
		REQUIRE(!write_sample(*ring, 64, i));
	}
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_overwrite, a_record_of_the_ring_fits)
{
	ref<perf_buffer> ring = overwriting();

	REQUIRE(ring);

	ring_reader reader(*ring);

	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()), 1), 0);
	EXPECT(reader.at(0).whole);
	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()) + 8, 2), E2BIG);
}

CASE(ring_overwrite, each_wakeup_is_seen_by_one_poll)
{
	ref<perf_buffer> ring = overwriting(false, 256);

	REQUIRE(ring);
	EXPECT(!ring->readable());
	for (u32 i = 0; i < 5; i++)
		write_sample(*ring, 64, i);
	EXPECT(ring->readable());
	EXPECT(!ring->readable());
	for (u32 i = 0; i < 4; i++)
		write_sample(*ring, 64, i);
	EXPECT(ring->readable());
	EXPECT(!ring->readable());
}

CASE(ring_overwrite, a_pause_keeps_what_is_there)
{
	ref<perf_buffer> ring = overwriting(true);

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 100; i++)
		write_sample(*ring, 64, i);
	ring->pause(true);

	const u64 head = reader.head();

	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(write_sample(*ring, 64, 1000 + i), EAGAIN);
	EXPECT_EQ(reader.head(), head);
	EXPECT_EQ(reader.at(head).sequence, 99);
	ring->pause(false);
	EXPECT_EQ(write_sample(*ring, 64, 2000), 0);

	/* In a backward ring the loss has the lower address: it is read before its record. */
	const seen loss = reader.at(reader.head());

	EXPECT_EQ(loss.type, PERF_RECORD_LOST);
	EXPECT_EQ(loss.lost, 100);
	EXPECT_EQ(reader.at(reader.head() + loss.bytes).sequence, 2000);
}

CASE(ring_overwrite, a_discarded_record_is_not_shown_as_the_oldest)
{
	ref<perf_buffer> ring = overwriting(true);

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 64; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	{
		writer_section section;
		result<reservation> begun = ring->begin_discardable(64, origin());

		REQUIRE(begun);

		reservation record = begun.take();

		fill_sample(record, 64, 12345);
		record.discard(64, origin());
	}
	for (u64 i = 0; i < 64; i++)
		EXPECT(reader.at(reader.head() + 64 * i).sequence != 12345);
}

CASE(ring_backward, a_record_stands_at_the_head)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = true});

	REQUIRE(ring);

	ring_reader reader(*ring);

	EXPECT_EQ(write_sample(*ring, 64, 1), 0);
	EXPECT_EQ(reader.head(), 0 - u64{64});
	EXPECT(reader.at(reader.head()).whole);
	EXPECT_EQ(write_sample(*ring, 32, 2), 0);
	EXPECT_EQ(reader.head(), 0 - u64{96});
	EXPECT_EQ(reader.at(reader.head()).sequence, 2);
	EXPECT_EQ(reader.at(reader.head() + 32).sequence, 1);
}

CASE(ring_backward, a_full_backward_ring_refuses_until_its_reader_frees_space)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = true});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	for (u32 round = 0; round < 5; round++) {
		const u32 written = fill(*ring);

		EXPECT(written >= 62);
		EXPECT(sleeper.woken() >= 1);
		EXPECT(ring->readable());
		EXPECT_EQ(ring->losses().read(loss_cause::full), round + 1);
		/* The stream runs downwards, so the reader frees space from above. */
		reader.drain();
		EXPECT(!ring->readable());
		EXPECT_EQ(ring->unread(), 0);
	}
}

CASE(ring_backward, a_record_of_the_backward_ring_less_8_bytes_fits)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = true});

	REQUIRE(ring);

	ring_reader reader(*ring);

	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()) - 8, 1), 0);
	EXPECT(reader.at(reader.head()).whole);
	EXPECT_EQ(write_sample(*ring, 16, 1), ENOSPC);
	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()), 1), E2BIG);
}

CASE(ring_backward, the_watermark_of_a_backward_ring_counts_downwards)
{
	ref<perf_buffer> ring =
		make_ring({.nr_pages = 1, .watermark = 256, .backward = true, .start = 512});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	u32 woke = 0;

	for (u32 i = 0; i < 40; i++) {
		REQUIRE(!write_sample(*ring, 64, i));
		woke += sleeper.woken() != 0;
		reader.drain();
	}
	EXPECT(woke >= 8 && woke <= 10);
}

CASE(ring_backward, a_loss_stands_above_the_record_it_came_with)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = true});

	REQUIRE(ring);

	ring_reader reader(*ring);

	fill(*ring);
	reader.drain();
	EXPECT_EQ(write_sample(*ring, 64, 5), 0);

	const seen loss = reader.at(reader.head());

	EXPECT_EQ(loss.type, PERF_RECORD_LOST);
	EXPECT_EQ(loss.lost, 1);
	EXPECT_EQ(reader.at(reader.head() + loss.bytes).sequence, 5);
}
