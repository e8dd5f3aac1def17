// SPDX-License-Identifier: GPL-2.0
/* Wakeups: when they are sent, and what poll() returns. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* Writes @count samples of 64 bytes; how many of them woke. */
u32 wakes_of(perf_buffer &ring, attached_sleeper &sleeper, u32 count) noexcept
{
	u32 woke = 0;

	for (u32 i = 0; i < count; i++) {
		write_sample(ring, 64, i);
		woke += sleeper.woken() != 0;
	}
	return woke;
}

/* The same with count_event() as a source with wakeup_events calls it. */
void write_counted(perf_buffer &ring, u32 every) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin(64, origin());

	if (!begun)
		return;

	reservation record = begun.take();

	fill_sample(record, 64, 0);
	ring.count_event(every);
	record.commit();
}

} // namespace

CASE(ring_wakeup, the_default_watermark_is_half_the_ring)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);
	EXPECT_EQ(ring->watermark(), 2 * page_size);
}

CASE(ring_wakeup, a_watermark_is_at_most_the_ring)
{
	for (u64 watermark : {u64{1} << 31, (u64{1} << 31) + 1, u64{0xffffffff}, u64{1} << 32,
			      u64{1} << 63, ~u64{0}}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 2, .watermark = watermark});

		REQUIRE(ring);
		EXPECT_EQ(ring->watermark(), 2 * page_size);
	}
}

CASE(ring_wakeup, more_unread_bytes_than_the_watermark_wake_the_reader)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 256});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	EXPECT_EQ(wakes_of(*ring, sleeper, 4), 0);
	EXPECT(!ring->readable());
	EXPECT_EQ(wakes_of(*ring, sleeper, 1), 1);
	EXPECT(ring->readable());
}

CASE(ring_wakeup, a_watermark_wakes_once_for_as_many_bytes)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 512});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	u32 woke = 0;

	for (u32 i = 0; i < 40; i++) {
		woke += wakes_of(*ring, sleeper, 8);
		reader.drain();
	}
	EXPECT(woke >= 38 && woke <= 40);
}

CASE(ring_wakeup, a_ring_that_is_full_wakes_whatever_the_watermark)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 4096});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	for (u32 i = 0; i < 63; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT(!ring->readable());
	EXPECT_EQ(write_sample(*ring, 64, 63), ENOSPC);
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(ring->readable());
}

CASE(ring_wakeup, a_ring_that_stays_full_wakes_once)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 4096});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	fill(*ring);
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT_EQ(wakes_of(*ring, sleeper, 20), 0);
}

CASE(ring_wakeup, a_ring_that_is_full_again_wakes_again)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 4096});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	for (u32 i = 0; i < 10; i++) {
		fill(*ring);
		EXPECT(sleeper.woken() >= 1);
		reader.drain();
		EXPECT(!ring->readable());
	}
}

CASE(ring_wakeup, a_full_ring_wakes_a_reader_that_stores_its_tail_modulo_the_size)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 4096});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	for (u32 round = 0; round < 4; round++) {
		for (u32 i = 0; i < 63; i++)
			REQUIRE(!write_sample(*ring, 64, i));
		sleeper.woken();
		/* Full, always with a tail of 0. */
		EXPECT_EQ(ring->user_page()->data_tail, 0);
		EXPECT_EQ(write_sample(*ring, 64, 63), ENOSPC);
		EXPECT_EQ(sleeper.woken(), 1);
		reader.store_tail(reader.head() & (ring->size() - 1));
		/* With the loss before it, to the end of the ring. */
		EXPECT_EQ(write_sample(*ring, 40, 64), 0);
		reader.store_tail(reader.head() & (ring->size() - 1));
	}
}

CASE(ring_wakeup, one_of_every_n_records_wakes_the_reader)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	for (u32 round = 0; round < 5; round++) {
		write_counted(*ring, 3);
		write_counted(*ring, 3);
		EXPECT_EQ(sleeper.woken(), 0);
		write_counted(*ring, 3);
		EXPECT_EQ(sleeper.woken(), 1);
	}
}

CASE(ring_wakeup, every_event_wakes_where_n_is_1_and_none_where_it_is_0)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	for (u32 i = 0; i < 5; i++) {
		write_counted(*ring, 1);
		EXPECT_EQ(sleeper.woken(), 1);
		write_counted(*ring, 0);
		EXPECT_EQ(sleeper.woken(), 0);
	}
}

CASE(ring_wakeup, several_wakeups_before_the_reader_polls_count_as_one)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 64});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	{
		writer_section section;
		result<reservation> outer = ring->begin(64, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		for (u32 i = 0; i < 5; i++)
			write_sample(*ring, 64, i);
		fill_sample(record, 64, 9);
		record.commit();
	}
	EXPECT_EQ(sleeper.woken(), 1);
}

CASE(ring_wakeup, the_outermost_writer_sends_the_wakeup_that_a_nested_one_requested)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	{
		writer_section section;
		result<reservation> outer = ring->begin(64, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		write_counted(*ring, 1);
		EXPECT_EQ(reader.head(), 0);
		fill_sample(record, 64, 9);
		record.commit();
	}
	EXPECT_EQ(reader.head(), 128);
	EXPECT_EQ(sleeper.woken(), 1);
}

namespace
{

/* A record of @bytes that is discarded. */
void write_discarded(perf_buffer &ring, u32 bytes) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin_discardable(bytes, origin());

	if (begun)
		begun.take().discard(bytes, origin());
}

/* Bytes until a record of 64 wakes. */
u64 bytes_until_woken(perf_buffer &ring, attached_sleeper &sleeper) noexcept
{
	const u64 before = ring.bytes();

	for (u32 i = 0; i < 2000; i++)
		if (write_sample(ring, 64, i) || sleeper.woken())
			break;
	return ring.bytes() - before;
}

} // namespace

CASE(ring_wakeup, a_discarded_record_moves_no_wakeup_mark)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring =
			make_ring({.nr_pages = 32, .watermark = 4096, .backward = backward});

		REQUIRE(ring);

		attached_sleeper sleeper(*ring);

		/* Passes the mark, and more than one watermark. */
		for (u32 i = 0; i < 40; i++)
			write_discarded(*ring, 4096 + 192);
		EXPECT_EQ(sleeper.woken(), 0);
		EXPECT(!ring->readable());
		EXPECT_EQ(bytes_until_woken(*ring, sleeper), 4096 + 64);
		EXPECT(ring->readable());
	}
}

CASE(ring_wakeup, nested_writers_at_the_mark_move_it_once)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 4, .watermark = 512});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	for (u32 i = 0; i < 7; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	{
		writer_section section;
		result<reservation> outer = ring->begin(128, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		/* Past the mark at 512 as well. */
		for (u32 i = 0; i < 4; i++)
			REQUIRE(!write_sample(*ring, 64, i));
		fill_sample(record, 128, 9);
		record.commit();
	}
	EXPECT_EQ(sleeper.woken(), 1);
	/* 832 bytes are there, and the next mark is at 1024. */
	EXPECT_EQ(bytes_until_woken(*ring, sleeper), 1024 + 64 - 832);
}

CASE(ring_wakeup, small_records_after_a_large_one_wake_once_for_each_watermark)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 32, .watermark = 256});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	u32 woke = 0;

	for (u32 i = 0; i < 4; i++) {
		REQUIRE(!write_sample(*ring, 16384, i));
		EXPECT_EQ(sleeper.woken(), 1);
		reader.drain();
		for (u32 j = 0; j < 64; j++)
			woke += wakes_of(*ring, sleeper, 1);
		reader.drain();
	}
	EXPECT(woke >= 4 * 12 && woke <= 4 * 16);
}

CASE(ring_wakeup, a_full_ring_wakes_for_a_head_that_a_discarded_record_had_reached_before)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 4096});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	{
		/* The ring is full behind a record that is then discarded. */
		writer_section section;
		result<reservation> outer = ring->begin_discardable(4032, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		EXPECT_EQ(write_sample(*ring, 128, 0), ENOSPC);
		record.discard(4032, origin());
	}
	sleeper.woken();
	/* The loss takes 24. */
	REQUIRE(!write_sample(*ring, 40, 0));
	for (u32 i = 0; i < 62; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	EXPECT_EQ(reader.head(), 4032);
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT_EQ(write_sample(*ring, 128, 0), ENOSPC);
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(ring->readable());
}

CASE(ring_wakeup, a_latency_that_expires_while_a_record_is_open_wakes_for_what_is_published)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	{
		writer_section section;
		result<reservation> outer = ring->begin_discardable(1024, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		/* As the alarm does it, on whatever CPU. */
		ring->wakeup();
		EXPECT_EQ(ring->unread(), 64);
		record.discard(1024, origin());
	}
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(ring->readable());
	reader.drain();
	EXPECT(!ring->readable());
	/* Not woken for. */
	EXPECT_EQ(write_sample(*ring, 64, 1), 0);
	EXPECT(!ring->readable());
	/* And with a wakeup of its own it is. */
	ring->wakeup();
	EXPECT(ring->readable());
}

CASE(ring_wakeup, poll_is_level_until_the_reader_has_come_to_the_wakeup)
{
	ref<perf_buffer> ring = make_ring(1);

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	write_counted(*ring, 0);
	EXPECT(!ring->readable());
	write_counted(*ring, 1);
	EXPECT(ring->readable());
	EXPECT(ring->readable());
	write_counted(*ring, 0);
	reader.store_tail(64);
	EXPECT(ring->readable());
	reader.store_tail(128);
	/* One record is behind the wakeup and less than the watermark. */
	EXPECT(!ring->readable());
	EXPECT_EQ(ring->unread(), 64);
}

CASE(ring_wakeup, a_reader_that_polls_by_itself_is_not_woken)
{
	ref<perf_buffer> ring = make_ring(1);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	REQUIRE(ring->set_wakeups(0, false));
	write_counted(*ring, 1);
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT(ring->readable());
	REQUIRE(ring->set_wakeups(0, true));
	write_counted(*ring, 1);
	EXPECT_EQ(sleeper.woken(), 1);
}

CASE(ring_wakeup, a_record_waits_no_longer_than_the_latency)
{
	ref<perf_buffer> ring = make_ring(1);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);

	REQUIRE(ring->set_wakeups(20000, true));
	for (u32 round = 0; round < 3; round++) {
		EXPECT_EQ(write_sample(*ring, 64, 0), 0);

		u32 woken = 0;

		for (u32 tries = 0; !woken && tries < 1000; tries++) {
			pb_test_sleep_us(1000);
			woken = sleeper.woken();
		}
		EXPECT(woken >= 1);
		EXPECT(ring->readable());
		reader.drain();
	}
	/* Nothing is unread: no reader is woken. */
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	reader.drain();
	pb_test_sleep_us(5000);
	sleeper.woken();
	REQUIRE(ring->set_wakeups(0, true));
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	pb_test_sleep_us(5000);
	EXPECT_EQ(sleeper.woken(), 0);
}

CASE(ring_wakeup, every_target_is_woken_until_it_is_detached)
{
	ref<perf_buffer> ring = make_ring(1);

	REQUIRE(ring);

	sleeper first, second, third;

	EXPECT_EQ(ring->first_target(), static_cast<wake_target *>(nullptr));
	ring->attach(first);
	ring->attach(second);
	ring->attach(third);
	ring->wakeup();
	EXPECT_EQ(first.woken(), 1);
	EXPECT_EQ(second.woken(), 1);
	EXPECT_EQ(third.woken(), 1);
	ring->detach(second);
	ring->wakeup();
	EXPECT_EQ(first.woken(), 1);
	EXPECT_EQ(second.woken(), 0);
	EXPECT_EQ(third.woken(), 1);
	ring->attach(second);
	ring->detach(first);
	ring->detach(third);
	ring->wakeup();
	EXPECT_EQ(first.woken(), 0);
	EXPECT_EQ(second.woken(), 1);
	ring->detach(second);
	EXPECT_EQ(ring->first_target(), static_cast<wake_target *>(nullptr));
	ring->wakeup();
	EXPECT_EQ(second.woken(), 0);
	pb_test_settle();
}

CASE(ring_wakeup, a_wakeup_that_is_walking_finds_its_way_past_a_detached_target)
{
	struct detaching final : wake_target {
		void wake() noexcept override { ring->detach(*this); }
		perf_buffer *ring = nullptr;
	};

	ref<perf_buffer> ring = make_ring(1);

	REQUIRE(ring);

	sleeper behind;
	detaching first;

	first.ring = ring.get();
	ring->attach(behind);
	ring->attach(first);
	ring->wakeup();
	EXPECT_EQ(behind.woken(), 1);
	EXPECT_EQ(ring->first_target(), static_cast<wake_target *>(&behind));
	ring->detach(behind);
	pb_test_settle();
}
