// SPDX-License-Identifier: GPL-2.0
/* A reader may store anything in the user page: it harms only itself. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* A tail that breaks the protocol is seen when the limit is passed; a pause closes it. */
void store_wild_tail(perf_buffer &ring, ring_reader &reader, u64 tail) noexcept
{
	reader.store_tail(tail);
	ring.pause(true);
	ring.pause(false);
}

} // namespace

CASE(ring_tail, a_user_page_full_of_rubbish_hurts_only_its_owner)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	perf_event_mmap_page *page = ring->user_page();

	/* Every byte of the user page, over and over, between records. */
	for (u32 round = 0; round < 256; round++) {
		__builtin_memset(page, static_cast<int>(round), sizeof(*page));
		page->data_tail = page->data_tail * 0x9e3779b97f4a7c15ULL + round;
		write_sample(*ring, 24 + 8 * (round % 61), round);
		flush_lost(*ring);
		ring->readable();
		ring->unread();
		EXPECT(ring->unread() < ring->size());
	}
	EXPECT_EQ(ring->records() + ring->losses().total(), 256);
	EXPECT_EQ(ring->size(), page_size);
}

CASE(ring_tail, a_tail_in_the_future_frees_no_more_than_the_ring)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);

	store_wild_tail(*ring, reader, 64 * 10);
	/* 10 records up to the tail, less the one that keeps head and tail apart. */
	EXPECT_EQ(fill(*ring), 9);
	EXPECT_EQ(reader.head(), 64 * 9);
}

CASE(ring_tail, a_tail_in_the_past_is_taken_modulo_the_size)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u64 i = 0; i < 100; i++) {
		REQUIRE(!write_sample(*ring, 64, i));
		reader.drain();
	}
	/* As some readers do it. */
	reader.store_tail(reader.head() & (ring->size() - 1));
	EXPECT_EQ(fill(*ring), 63);
	reader.store_tail(reader.head() - 5 * ring->size());
	EXPECT_EQ(fill(*ring), 63);
}

CASE(ring_tail, an_unaligned_tail_costs_its_owner_one_record)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);

	for (u64 odd = 1; odd < 8; odd++) {
		store_wild_tail(*ring, reader, reader.head() + odd);

		const u64 head = reader.head();
		const u32 written = fill(*ring, 32);

		/* The bytes up to the tail; head and tail never meet. */
		EXPECT_EQ(written, 0);
		EXPECT_EQ(reader.head() % 8, 0);
		store_wild_tail(*ring, reader, head - odd);
		EXPECT(fill(*ring, 32) >= 126);
		reader.drain();
	}
}

CASE(ring_tail, a_tail_that_changes_all_the_time_never_moves_the_head_back)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 random = 88172645463325252ULL;
	u64 head = 0;

	for (u32 i = 0; i < 3000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		reader.store_tail(random);
		write_sample(*ring, 24 + static_cast<u32>(random >> 56) / 8 * 8, i);
		EXPECT(reader.head() >= head && reader.head() - head < 400);
		head = reader.head();
	}
	EXPECT_EQ(ring->records() + ring->losses().total(), 3000);
}
