// SPDX-License-Identifier: GPL-2.0
/* Cases of debug builds (ring/debug.hpp): producers that break a reservation's rules are caught. */
#include "aux_harness.hpp"

#ifdef PERFBUF_DEBUG

using namespace perfbuf;
using namespace perfbuf::test;

CASE(reservation_debug, a_reservation_that_is_dropped_is_caught)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_expect_warnings();
	{
		writer_section section;
		result<reservation> begun = ring->begin(64, origin());

		if (begun) {
			reservation record = begun.take();
		}
	}
	EXPECT_EQ(pb_test_warnings(), 1);
}

CASE(reservation_debug, a_record_that_is_not_filled_is_caught)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_expect_warnings();
	{
		writer_section section;
		result<reservation> begun = ring->begin(64, origin());

		if (begun) {
			reservation record = begun.take();

			record.put(u64{1});
			record.commit();
		}
	}
	EXPECT_EQ(pb_test_warnings(), 1);
}

CASE(reservation_debug, a_record_that_overflows_its_reservation_is_caught)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_expect_warnings();
	{
		writer_section section;
		result<reservation> begun = ring->begin(16, origin());

		if (begun) {
			reservation record = begun.take();

			record.put(u64{1});
			record.put(u64{2});
			record.put(u64{3});
			record.commit();
		}
	}
	EXPECT(pb_test_warnings() >= 1);
}

/* On the slow path a record does not know where it ends; and what is no copy is checked, too. */
CASE(reservation_debug, each_way_to_overflow_a_reservation_is_caught)
{
	for (u32 way = 0; way < 6; way++) {
		ref<perf_buffer> ring = make_ring();

		REQUIRE(ring);
		if (way & 1)
			ring->watch_stats();
		pb_test_expect_warnings();
		{
			writer_section section;
			result<reservation> begun = ring->begin(16, origin());

			REQUIRE(begun);

			reservation record = begun.take();

			record.put(u64{1});
			if (way / 2 == 0)
				record.copy("0123456789abcdef", 16);
			else if (way / 2 == 1)
				record.zero(16);
			else
				record.skip(16);
			record.commit();
		}
		/* And that its commit() finds it filled with another number of bytes. */
		EXPECT_EQ(pb_test_warnings(), 2);
	}
}

CASE(reservation_debug, a_record_that_keeps_the_rules_is_silent)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_expect_warnings();
	for (u32 i = 0; i < 100; i++)
		write_sample(*ring, 24 + 8 * (i % 7), i);
	EXPECT_EQ(pb_test_warnings(), 0);
}

CASE(reservation_debug, an_AUX_reservation_that_is_dropped_overflown_or_not_filled_is_caught)
{
	for (u32 broken = 0; broken < 4; broken++) {
		aux_ring aux({.nr_pages = 1, .shared = true});
		const u64 bytes[3] = {1, 2, 3};

		REQUIRE(aux);
		pb_test_expect_warnings();
		{
			writer_section section;
			result<aux_reservation> reserved = aux.area().reserve(16, origin());

			REQUIRE(reserved);

			aux_reservation taken = reserved.take();

			if (broken != 1)
				taken.copy(bytes, broken == 2 ? 24 : 16);
			if (broken)
				taken.commit(origin());
		}
		EXPECT_EQ(pb_test_warnings(), broken < 3);
		/* The bytes that do not fit are left out. */
		if (broken == 2)
			EXPECT_EQ(aux.byte(16), 0);
	}
}

#endif
