// SPDX-License-Identifier: GPL-2.0
/* The pages of an AUX area, its source's setup, and references. */
#include "aux_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

int create_errno(const aux_area::options &wanted, aux_filler &filler) noexcept
{
	ref<perf_buffer> ring = make_ring();

	if (!ring)
		return -1;

	result<ref<aux_area>> made = aux_area::create(*ring, filler, wanted);

	return made ? 0 : made.error().code();
}

} // namespace

CASE(aux_memory, chunks_are_as_large_as_the_source_wants)
{
	for (u32 order : {0u, 1u, 2u, 4u, 30u}) {
		aux_ring aux({.nr_pages = 16, .cpu = 3, .memory = {.max_order = order}});

		REQUIRE(aux);

		const perfbuf_aux_pages &given = aux.filler().given;
		const u32 largest = order < 4 ? order : 4;

		EXPECT_EQ(given.nr_pages, 16);
		EXPECT_EQ(given.cpu, 3);
		EXPECT(!given.overwrite);
		for (u32 i = 0; i < 16; i++) {
			EXPECT_EQ(given.orders[i], i % (1u << largest) ? 0 : largest);
			if (i % (1u << largest))
				EXPECT_EQ(given.pages[i],
					  static_cast<char *>(given.pages[i - 1]) + page_size);
		}
	}
}

CASE(aux_memory, smaller_chunks_are_used_when_no_large_one_is_free)
{
	aux_filler filler;
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	/* The two tables, then chunks of 8: the second is not to be had. */
	pb_test_fail_allocation(4);

	result<ref<aux_area>> made =
		aux_area::create(*ring, filler, {.nr_pages = 16, .memory = {.max_order = 3}});

	pb_test_fail_allocation(0);
	REQUIRE(made);
	EXPECT_EQ(filler.given.orders[0], 3);
	EXPECT_EQ(filler.given.orders[8], 2);
	EXPECT_EQ(filler.given.orders[12], 2);
	made.take().reset();
	ring.reset();
	pb_test_settle();
	EXPECT_EQ(filler.frees, 1);
}

CASE(aux_memory, a_source_that_cannot_scatter_has_one_chunk_or_none)
{
	aux_filler filler;
	{
		aux_ring aux({.nr_pages = 8, .memory = {.one_chunk = true}});

		REQUIRE(aux);
		EXPECT_EQ(aux.filler().given.orders[0], 3);
	}
	EXPECT_EQ(create_errno(
			  {.nr_pages = u64{2} << PB_PAGE_ORDER_MAX, .memory = {.one_chunk = true}},
			  filler),
		  ENOMEM);
	pb_test_settle();

	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_fail_allocation(3);

	result<ref<aux_area>> made =
		aux_area::create(*ring, filler, {.nr_pages = 8, .memory = {.one_chunk = true}});

	pb_test_fail_allocation(0);
	EXPECT(!made);
	EXPECT_EQ(filler.setups, 0);
}

CASE(aux_memory, an_area_of_virtual_memory_has_consecutive_addresses)
{
	aux_ring aux({.nr_pages = 4, .memory = {.virtual_memory = true}});

	REQUIRE(aux);
	for (u32 i = 1; i < 4; i++)
		EXPECT_EQ(aux.filler().given.pages[i],
			  static_cast<char *>(aux.filler().given.pages[0]) + i * page_size);
	for (u32 i = 0; i < 4; i++) {
		const unsigned long frame = aux.area().page_frame(i).take();

		EXPECT_EQ(frame, pb_page_frame(aux.filler().given.pages[i]));
	}
	EXPECT_EQ(aux.area().page_frame(4).error().code(), ENXIO);
	EXPECT_EQ(aux.area().page_frame(~u64{0}).error().code(), ENXIO);
}

CASE(aux_memory, sizes_that_cannot_be_are_refused)
{
	aux_filler filler;

	for (u64 pages : {0ull, 3ull, 6ull, 0xffffffffull, (1ull << 63) + 1, ~0ull})
		EXPECT_EQ(create_errno({.nr_pages = pages}, filler), EINVAL);
	for (u64 pages : {1ull << 20, 1ull << 31, 1ull << 32, 1ull << 52, 1ull << 63})
		EXPECT_EQ(create_errno({.nr_pages = pages}, filler), ENOMEM);
	EXPECT_EQ(filler.setups, 0);
}

CASE(aux_memory, a_setup_that_fails_leaves_nothing)
{
	pb_test_settle();

	const long before = pb_test_live_allocations();
	aux_filler filler;

	filler.fails = true;
	EXPECT_EQ(create_errno({.nr_pages = 4}, filler), EIO);
	pb_test_settle();
	EXPECT_EQ(filler.frees, 0);
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(aux_memory, a_failure_of_any_allocation_leaks_nothing)
{
	for (bool virtual_memory : {false, true}) {
		pb_test_settle();

		const long before = pb_test_live_allocations();
		ref<perf_buffer> ring = make_ring();
		const long with_ring = pb_test_live_allocations();
		aux_filler filler;
		u32 failed = 0;

		REQUIRE(ring);
		for (u32 nth = 1; nth < 64; nth++) {
			pb_test_fail_allocation(nth);

			result<ref<aux_area>> made = aux_area::create(
				*ring, filler,
				{.nr_pages = 4, .memory = {.virtual_memory = virtual_memory}});

			pb_test_fail_allocation(0);
			if (made)
				break;
			EXPECT_EQ(made.error().code(), ENOMEM);
			pb_test_settle();
			EXPECT_EQ(pb_test_live_allocations(), with_ring);
			failed++;
		}
		/* The two tables, the memory, the area. */
		EXPECT(failed >= 4);
		EXPECT(failed < 63);
		pb_test_settle();
		EXPECT_EQ(filler.frees, filler.setups);
		ring.reset();
		pb_test_settle();
		EXPECT_EQ(pb_test_live_allocations(), before);
	}
}

CASE(aux_memory, the_last_reference_frees_what_the_setup_made)
{
	pb_test_settle();

	const long before = pb_test_live_allocations();
	{
		aux_ring aux({.nr_pages = 2});

		REQUIRE(aux);
		EXPECT_EQ(aux.filler().setups, 1);
		aux.unmap();
		pb_test_settle();
		EXPECT_EQ(aux.filler().frees, 1);
		EXPECT_EQ(aux.filler().freed, &aux.filler());
	}
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(aux_memory, an_area_outlives_its_mappings_while_a_transaction_is_open)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	REQUIRE(!aux.begin(handle));
	aux.unmap();
	pb_test_settle();
	EXPECT_EQ(aux.filler().frees, 0);
	{
		/* The last reference goes with preemption off, and the area later. */
		writer_section section;

		EXPECT(!static_cast<aux_area *>(handle.area)->end(handle, 8, origin()));
		EXPECT_EQ(aux.filler().frees, 0);
	}
	pb_test_settle();
	EXPECT_EQ(aux.filler().frees, 1);
	EXPECT_EQ(aux.page().aux_head, 8);
}

CASE(aux_memory, an_area_without_a_reference_refuses_a_transaction)
{
	aux_ring aux({.nr_pages = 1});

	REQUIRE(aux);

	writer_section section;
	aux_area *seen = aux.ring().aux();

	aux.unmap();
	EXPECT_EQ(aux.ring().aux(), nullptr);
	/* A reader that found it before may still use it: a grace period has not passed. */
	EXPECT(!seen->try_get());
}
