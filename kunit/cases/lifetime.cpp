// SPDX-License-Identifier: GPL-2.0
/* References, and what may still happen while the last one goes. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

CASE(ring_lifetime, the_last_put_frees_everything)
{
	pb_test_settle();

	const long before = pb_test_live_allocations();

	{
		ref<perf_buffer> ring = make_ring(8);

		REQUIRE(ring);
		EXPECT(pb_test_live_allocations() > before);

		ref<perf_buffer> second = ref<perf_buffer>::share(ring.get());

		ring.reset();
		pb_test_settle();
		EXPECT_EQ(write_sample(*second, 64, 0), 0);
	}
	pb_test_settle();
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(ring_lifetime, a_ring_outlives_the_writer_that_is_inside)
{
	pb_test_settle();

	const long before = pb_test_live_allocations();

	{
		ref<perf_buffer> ring = make_ring();

		REQUIRE(ring);

		/* Preemption is off: the grace period waits for us. */
		writer_section section;
		result<reservation> begun = ring->begin(64, origin());

		REQUIRE(begun);

		reservation record = begun.take();
		perf_buffer *inside = ring.get();

		ring.reset();
		EXPECT(pb_test_live_allocations() > before);
		fill_sample(record, 64, 1);
		record.commit();
		EXPECT_EQ(inside->user_page()->data_head, 64);
	}
	pb_test_settle();
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(ring_lifetime, a_ring_outlives_the_wakeup_that_its_last_writer_raised)
{
	pb_test_settle();

	const long before = pb_test_live_allocations();

	for (u32 i = 0; i < 20; i++) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .watermark = 8});

		REQUIRE(ring);
		REQUIRE(ring->set_wakeups(10000, true));
		write_sample(*ring, 64, 0);
		/* Here the last reference goes. */
	}
	pb_test_settle();
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(ring_lifetime, a_reference_count_that_overflows_leaks_and_never_frees)
{
	cxxrt::refcount count(0x7ffffffe);

	pb_test_expect_warnings();
	count.get();
	EXPECT_EQ(pb_test_warnings(), 0);
	EXPECT_EQ(count.read(), 0x7fffffff);
	pb_test_expect_warnings();
	count.get();
	EXPECT(pb_test_warnings() >= 1);
	/* Saturated: from now on nothing brings it to 0. */
	pb_test_expect_warnings();
	for (u32 i = 0; i < 10; i++)
		EXPECT(!count.put());
	EXPECT(count.get_unless_zero());
	EXPECT(count.read() > 0x80000000u);
	pb_test_warnings();
}

CASE(ring_lifetime, a_reference_to_what_has_none_is_refused)
{
	cxxrt::refcount count(1);

	EXPECT(count.get_unless_zero());
	EXPECT_EQ(count.read(), 2);
	EXPECT(!count.put());
	EXPECT(count.put());
	EXPECT_EQ(count.read(), 0);
	EXPECT(!count.get_unless_zero());
	EXPECT_EQ(count.read(), 0);
}

CASE(ring_lifetime, a_put_too_many_saturates)
{
	cxxrt::refcount count(1);

	EXPECT(count.put());
	pb_test_expect_warnings();
	EXPECT(!count.put());
	EXPECT(pb_test_warnings() >= 1);
	pb_test_expect_warnings();
	EXPECT(!count.put());
	pb_test_warnings();
}
