// SPDX-License-Identifier: GPL-2.0
/* Losses: the ring counts them by cause, and reports them in the stream before the next record. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

CASE(ring_loss, a_full_ring_refuses_and_counts)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(fill(*ring), 63);
	EXPECT_EQ(ring->losses().read(loss_cause::full), 1);
	EXPECT_EQ(write_sample(*ring, 64, 0), ENOSPC);
	EXPECT_EQ(ring->losses().read(loss_cause::full), 2);
	EXPECT_EQ(ring->losses().total(), 2);
	EXPECT_EQ(ring->records(), 63);
}

CASE(ring_loss, a_loss_is_reported_before_the_next_record)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	fill(*ring);
	EXPECT_EQ(write_sample(*ring, 64, 0), ENOSPC);
	reader.drain();
	EXPECT_EQ(write_sample(*ring, 64, 99, origin(0xabcd)), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.bytes, 24);
	EXPECT_EQ(found.id, 0xabcd);
	EXPECT_EQ(found.lost, 2);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.sequence, 99);
	EXPECT(found.whole);
	EXPECT(!reader.next(found));
	/* The loss is reported once. */
	EXPECT_EQ(write_sample(*ring, 64, 100), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.sequence, 100);
}

CASE(ring_loss, a_loss_carries_the_sample_id_of_the_event_that_reports_it)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	fill(*ring);
	reader.drain();
	EXPECT_EQ(write_sample(*ring, 64, 1, origin(3, 32)), 0);

	const u64 at = reader.tail();

	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.bytes, 24 + 32);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(reader.word(at + 24 + 8 * i), origin::trailer_word + 8 * i);
	REQUIRE(reader.next(found));
	EXPECT(found.whole);
	EXPECT_EQ(found.sequence, 1);
}

CASE(ring_loss, a_record_that_fits_only_alone_goes_alone)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	const u32 most = static_cast<u32>(ring->size()) - 8;
	seen found;

	fill(*ring);
	reader.drain();
	EXPECT_EQ(write_sample(*ring, most, 5), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_SAMPLE);
	EXPECT_EQ(found.bytes, most);
	EXPECT(found.whole);
	reader.release();
	EXPECT_EQ(write_sample(*ring, 64, 6), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 1);
}

CASE(ring_loss, a_record_that_does_not_fit_with_its_loss_is_lost_too)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	fill(*ring);
	/* Space for 64 bytes and the 56 that were left, not for the 24 of a loss as well. */
	reader.store_tail(64);
	EXPECT_EQ(write_sample(*ring, 112, 7), ENOSPC);
	EXPECT_EQ(write_sample(*ring, 64, 8), 0);
	reader.store_tail(63 * 64);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 2);
}

CASE(ring_loss, a_record_that_is_too_big_is_reported_as_lost)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	EXPECT_EQ(write_sample(*ring, 5000 / 8 * 8, 0), E2BIG);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::full), 0);
	EXPECT_EQ(write_sample(*ring, 64, 1), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 1);
}

CASE(ring_loss, records_that_come_during_a_pause_are_reported_after_it)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	ring->pause(true);
	EXPECT(ring->paused());
	EXPECT_EQ(write_sample(*ring, 64, 0), EAGAIN);
	EXPECT_EQ(write_sample(*ring, 64, 1), EAGAIN);
	EXPECT_EQ(ring->losses().read(loss_cause::paused), 2);
	EXPECT_EQ(reader.head(), 0);
	ring->pause(false);
	EXPECT_EQ(write_sample(*ring, 64, 2), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.lost, 2);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.sequence, 2);
}

CASE(ring_loss, flush_reports_the_losses_of_a_pause_that_no_record_follows)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	seen found;

	ring->pause(true);
	EXPECT_EQ(write_sample(*ring, 64, 0), EAGAIN);
	EXPECT(!ring->can_flush_lost(0));
	flush_lost(*ring);
	EXPECT_EQ(reader.head(), 0);
	ring->pause(false);
	EXPECT(ring->can_flush_lost(0));
	flush_lost(*ring, origin(5, 16));
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.bytes, 24 + 16);
	EXPECT_EQ(found.id, 5);
	EXPECT_EQ(found.lost, 1);
	EXPECT(!ring->can_flush_lost(0));
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(ring->readable());
	/* No loss is pending any more. */
	flush_lost(*ring);
	EXPECT(!reader.next(found));
	EXPECT_EQ(ring->records(), 0);
}

CASE(ring_loss, flush_reports_a_loss_only_when_there_is_space)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	fill(*ring);
	while (!write_sample(*ring, 16, 0))
		;
	/* 8 bytes are free. */
	EXPECT(!ring->can_flush_lost(64));
	flush_lost(*ring, origin(1, 64));
	EXPECT_EQ(ring->losses().read(loss_cause::full), 2);

	const u64 lost_at = reader.head();

	reader.store_tail(128);
	EXPECT(ring->can_flush_lost(64));
	flush_lost(*ring, origin(1, 64));
	found = reader.at(lost_at);
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 1);
}

CASE(ring_loss, a_record_that_a_source_could_not_begin_is_counted_and_reported)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	ring->count_loss(loss_cause::recursion);
	ring->count_loss(loss_cause::recursion);
	EXPECT_EQ(ring->losses().read(loss_cause::recursion), 2);
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.lost, 2);
}

CASE(ring_loss, each_cause_of_a_loss_has_its_own_count)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	write_sample(*ring, 0x10000, 0);
	ring->pause(true);
	write_sample(*ring, 64, 0);
	write_sample(*ring, 64, 0);
	ring->pause(false);
	fill(*ring);
	ring->count_loss(loss_cause::recursion);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::paused), 2);
	EXPECT_EQ(ring->losses().read(loss_cause::full), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::recursion), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::no_ring), 0);
	EXPECT_EQ(ring->losses().total(), 5);
}

CASE(ring_loss, every_record_is_received_or_lost)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 random = 2463534242ULL;
	u64 received = 0;
	u64 reported = 0;
	seen found;

	for (u64 i = 0; i < 4000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		ring->pause(random % 17 == 0);
		write_sample(*ring, 24 + 8 * static_cast<u32>(random % 140), i,
			     origin(1, random & 8));
		if (random % 23 != 0)
			continue;
		while (reader.next(found)) {
			if (!EXPECT(found.whole))
				return;
			received += found.type == PERF_RECORD_SAMPLE;
			reported += found.lost;
		}
		reader.release();
	}
	ring->pause(false);
	while (reader.next(found)) {
		received += found.type == PERF_RECORD_SAMPLE;
		reported += found.lost;
	}
	reader.release();
	flush_lost(*ring);
	if (reader.next(found))
		reported += found.lost;
	EXPECT_EQ(received + reported, 4000);
	EXPECT_EQ(ring->records(), received);
	EXPECT_EQ(ring->losses().total(), reported);
	EXPECT(reported > 100);
	EXPECT(received > 1000);
}
