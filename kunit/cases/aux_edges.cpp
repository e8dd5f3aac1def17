// SPDX-License-Identifier: GPL-2.0
/* AUX at its boundaries: one byte, the last byte, exactly all of it. */
#include "aux_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* Remembers what the ring says of a record that it writes by itself. */
class counting_origin final : public record_origin
{
public:
	counting_origin() noexcept : record_origin(7, 0) {}
	void write_trailer(reservation &) const noexcept override {}
	void attempted(const perf_buffer &, int why) const noexcept override
	{
		times++;
		last = why;
	}

	mutable u32 times = 0;
	mutable int last = -1;
};

} // namespace

CASE(aux_edges, an_event_learns_whether_its_record_was_written)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;
	counting_origin writer;

	REQUIRE(aux);
	REQUIRE(!aux.begin(handle));
	EXPECT(!aux.end(handle, 8, writer));
	EXPECT_EQ(writer.times, 1);
	EXPECT_EQ(writer.last, 0);
	EXPECT_EQ(ring_reader(aux.ring()).word(0), u64{sizeof(aux_record)} << 48 | PERF_RECORD_AUX);

	fill(aux.ring());
	fill(aux.ring(), 16);
	REQUIRE(!aux.begin(handle));
	EXPECT(!aux.end(handle, 8, writer));
	EXPECT_EQ(writer.times, 2);
	EXPECT_EQ(writer.last, ENOSPC);
	aux.page().data_tail = aux.page().data_head;
	EXPECT(is_left(aux.ring()));
	EXPECT_EQ(aux.page().aux_head, 16);
}

CASE(aux_edges, an_area_that_is_used_up_to_a_few_bytes_gives_these)
{
	for (u64 left = 1; left < 12; left++) {
		aux_ring aux({.nr_pages = 1});
		perfbuf_aux_handle handle;

		REQUIRE(aux);
		REQUIRE(!aux.write(page_size - 1 - left));
		REQUIRE(!aux.begin(handle));
		EXPECT_EQ(handle.size, left);
		/* All of it is not too much. */
		EXPECT(!aux.end(handle, left));
		EXPECT_EQ(aux.stats().aux_truncated.read(), 0);
		EXPECT_EQ(aux.begin(handle), ENOSPC);
	}
}

CASE(aux_edges, a_truncated_transaction_of_one_byte_wakes_and_is_readable)
{
	for (u64 bytes : {u64{1}, u64{4}, u64{9}}) {
		aux_ring aux({.nr_pages = 1});
		perfbuf_aux_handle handle;

		REQUIRE(aux);

		attached_sleeper sleeper(aux.ring());

		REQUIRE(!aux.begin(handle));
		handle.flags = PERF_AUX_FLAG_TRUNCATED;
		EXPECT(aux.end(handle, bytes));
		EXPECT_EQ(sleeper.woken(), 1);
		EXPECT_EQ(aux.stats().aux_truncated.read(), 1);
		EXPECT(aux.ring().aux_readable());
		aux.page().aux_tail = bytes;
		EXPECT(!aux.ring().aux_readable());
	}
}

CASE(aux_edges, an_area_is_readable_up_to_the_last_byte_that_was_woken_for)
{
	aux_ring aux({.nr_pages = 1, .watermark = 1000});

	REQUIRE(aux);
	EXPECT(!aux.ring().aux_unread());
	REQUIRE(!aux.write(1000));
	for (u64 tail : {u64{0}, u64{1}, u64{992}, u64{999}}) {
		aux.page().aux_tail = tail;
		EXPECT(aux.ring().aux_readable());
		EXPECT(aux.ring().aux_unread());
	}
	aux.page().aux_tail = 1000;
	EXPECT(!aux.ring().aux_readable());
	EXPECT(!aux.ring().aux_unread());
	REQUIRE(!aux.write(1));
	EXPECT(!aux.ring().aux_readable());
	EXPECT(aux.ring().aux_unread());
	aux.unmap();
	EXPECT(!aux.ring().aux_readable());
	EXPECT(!aux.ring().aux_unread());
}

CASE(aux_edges, the_position_of_a_transaction_is_the_areas_to_say)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	REQUIRE(!aux.begin(handle));
	handle.head += 16;
	EXPECT(!aux.end(handle, 8));
	EXPECT_EQ(reader.next().offset, 0);
	EXPECT_EQ(aux.page().aux_head, 8);
}

CASE(aux_edges, snapshot_mode_ends_and_skips_where_the_source_says)
{
	aux_ring aux({.nr_pages = 1, .overwrite = true});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(aux.skip(handle, 100), 0);
	EXPECT_EQ(handle.head, 100);
	EXPECT_EQ(handle.size, page_size);
	EXPECT_EQ(aux.page().aux_head, 0);
	EXPECT(!aux.end(handle, 24));
	EXPECT_EQ(aux.page().aux_head, 100);
	EXPECT(!aux.ring().aux_unread());
}

CASE(aux_edges, a_skip_takes_all_that_is_free_and_no_more)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(aux.skip(handle, page_size), ENOSPC);
	EXPECT_EQ(aux.skip(handle, page_size - 5), 0);
	EXPECT_EQ(handle.size, 4);
	EXPECT_EQ(aux.skip(handle, 5), ENOSPC);
	EXPECT_EQ(aux.skip(handle, 4), 0);
	EXPECT_EQ(handle.size, 0);
	EXPECT(!aux.end(handle, 0));
	EXPECT_EQ(aux.page().aux_head, page_size - 1);
}

CASE(aux_edges, a_window_of_a_shared_area_ends_at_what_is_published)
{
	aux_ring aux({.nr_pages = 1, .shared = true, .start = 1000});

	REQUIRE(aux);
	aux.page().aux_tail = 1000;
	REQUIRE(!aux.put(100));
	REQUIRE(aux.area().try_hold());

	const aux_area::window held = aux.area().hold_window(40, page_size);

	aux.area().release_hold();
	EXPECT_EQ(held.bytes, 96);
	EXPECT_EQ(held.from, 1004);
}

CASE(aux_edges, an_area_beyond_the_largest_chunk_is_cut_and_one_of_its_size_is_not)
{
	constexpr u64 largest = u64{1} << PB_PAGE_ORDER_MAX;
	{
		aux_ring aux({.nr_pages = 2 * largest, .memory = {.max_order = 30}});

		REQUIRE(aux);
		EXPECT(aux.filler().given.orders[0] <= PB_PAGE_ORDER_MAX);
		EXPECT_EQ(aux.area().nr_pages(), 2 * largest);
	}
	aux_ring aux({.nr_pages = largest, .memory = {.one_chunk = true}});

	REQUIRE(aux);
	EXPECT_EQ(aux.filler().given.orders[0], PB_PAGE_ORDER_MAX);
}
