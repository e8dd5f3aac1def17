// SPDX-License-Identifier: GPL-2.0
/* Exclusive transactions: one at a time, as perf has them. */
#include "aux_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

CASE(aux_transaction, a_sample_leaves_out_what_an_interrupted_source_may_overwrite)
{
	aux_ring aux({.nr_pages = 2, .overwrite = true});

	REQUIRE(aux);

	aux_area &area = aux.area();

	REQUIRE(area.try_hold());
	/* Up to where the source says that it is, which may be ahead of what is published. */
	EXPECT_EQ(area.hold_window(40, page_size).from, 0);
	EXPECT_EQ(area.hold_window(43, page_size).bytes, 40);
	EXPECT_EQ(area.hold_window(43, page_size).from, 3);

	const aux_area::window held = area.hold_window(5 * page_size, 2 * page_size);

	EXPECT_EQ(held.bytes, 2 * page_size - page_size / 4);
	EXPECT_EQ(held.from, 3 * page_size + page_size / 4);
	EXPECT_EQ(area.hold_window(5 * page_size, 64).from, 5 * page_size - 64);
	area.release_hold();
}

CASE(aux_transaction, begin_gives_the_free_span)
{
	aux_ring aux({.nr_pages = 2});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(handle.head, 0);
	EXPECT_EQ(handle.size, 2 * page_size - 1);
	EXPECT_EQ(handle.wakeup, page_size);
	EXPECT_EQ(handle.flags, 0);
	EXPECT(!aux.end(handle, 1000));
	EXPECT_EQ(handle.area, nullptr);

	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(handle.head, 1000);
	EXPECT_EQ(handle.size, 2 * page_size - 1 - 1000);
	EXPECT(!aux.end(handle, 0));
	aux.page().aux_tail = 600;
	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(handle.size, 2 * page_size - 1 - 400);
	EXPECT(!aux.end(handle, 0));
}

CASE(aux_transaction, end_reports_the_written_bytes_and_moves_the_head)
{
	aux_ring aux({.nr_pages = 1});

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	EXPECT_EQ(aux.write(100), 0);
	EXPECT_EQ(aux.page().aux_head, 100);
	EXPECT_EQ(aux.write(60), 0);
	EXPECT_EQ(aux.page().aux_head, 160);
	EXPECT_EQ(aux.stats().aux_bytes.read(), 160);

	aux_reader::announcement first = reader.next();

	EXPECT_EQ(first.bytes, sizeof(aux_record));
	EXPECT_EQ(first.offset, 0);
	EXPECT_EQ(first.size, 100);
	EXPECT_EQ(first.flags, 0);
	EXPECT_EQ(reader.next().offset, 100);
	EXPECT(reader.nothing());
}

CASE(aux_transaction, the_record_carries_the_sample_id_of_its_event)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	REQUIRE(!aux.begin(handle));
	aux.end(handle, 8, origin(7, 16));

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.bytes, sizeof(aux_record) + 16);
	EXPECT_EQ(found.trailer, origin::trailer_word);
}

CASE(aux_transaction, a_record_is_written_only_where_it_says_something_new)
{
	aux_ring aux({.nr_pages = 1});

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	aux.write(0);
	aux.write(0, 0x0300);
	EXPECT(reader.nothing());
	aux.write(0, PERF_AUX_FLAG_PARTIAL);
	EXPECT_EQ(reader.next().flags, PERF_AUX_FLAG_PARTIAL);
	aux.write(0, PERF_AUX_FLAG_COLLISION | 0x0300);
	EXPECT_EQ(reader.next().flags, PERF_AUX_FLAG_COLLISION | 0x0300);
	aux.write(8, 0x0300);
	EXPECT_EQ(reader.next().flags, 0x0300);
	EXPECT(reader.nothing());
}

CASE(aux_transaction, a_second_one_is_refused_and_counted)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle outer, inner;

	REQUIRE(aux);
	REQUIRE(!aux.begin(outer));
	EXPECT_EQ(aux.begin(inner), EBUSY);
	EXPECT_EQ(aux.begin(inner), EBUSY);
	EXPECT_EQ(aux.stats().aux_nested.read(), 2);
	EXPECT_EQ(aux.page().aux_head, 0);
	/* It has left the first alone. */
	EXPECT(!aux.end(outer, 24));
	EXPECT_EQ(aux.page().aux_head, 24);
	EXPECT_EQ(aux.begin(inner), 0);
	EXPECT(!aux.end(inner, 0));
}

CASE(aux_transaction, a_full_area_refuses_and_wakes)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);

	attached_sleeper reader(aux.ring());

	REQUIRE(!aux.begin(handle));
	handle.flags = PERF_AUX_FLAG_TRUNCATED;
	EXPECT(aux.end(handle, handle.size));
	EXPECT(reader.woken());
	EXPECT_EQ(aux.begin(handle), ENOSPC);
	EXPECT(reader.woken());
	EXPECT(aux.ring().aux_readable());
	EXPECT_EQ(aux.stats().aux_truncated.read(), 2);
	/* And the refusal has left no transaction open. */
	aux.page().aux_tail = 8;
	EXPECT_EQ(aux.begin(handle), 0);
	EXPECT_EQ(handle.size, 8);
	EXPECT(!aux.end(handle, 0));
}

CASE(aux_transaction, a_transaction_that_wrote_more_than_was_free_is_truncated)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	REQUIRE(!aux.begin(handle));
	EXPECT(aux.end(handle, page_size));
	EXPECT_EQ(aux.page().aux_head, page_size - 1);

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.size, page_size - 1);
	EXPECT_EQ(found.flags, PERF_AUX_FLAG_TRUNCATED);
}

CASE(aux_transaction, a_tail_that_makes_no_sense_is_a_full_area)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	REQUIRE(!aux.write(64));
	for (u64 tail : {u64{65}, u64{1} << 32, u64{1} << 63, 64 - page_size}) {
		aux.page().aux_tail = tail;
		EXPECT_EQ(aux.begin(handle), ENOSPC);
	}
	aux.page().aux_tail = 64;
	EXPECT_EQ(aux.begin(handle), 0);
	EXPECT(!aux.end(handle, 0));
}

CASE(aux_transaction, skip_leaves_bytes_out_and_writes_no_record)
{
	aux_ring aux({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(aux);

	aux_reader reader(aux.ring());
	attached_sleeper sleeper(aux.ring());

	REQUIRE(!aux.begin(handle));
	EXPECT_EQ(aux.skip(handle, handle.size + 1), ENOSPC);
	EXPECT_EQ(aux.skip(handle, 100), 0);
	EXPECT_EQ(handle.head, 100);
	EXPECT_EQ(handle.size, page_size - 1 - 100);
	EXPECT_EQ(aux.page().aux_head, 100);
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT_EQ(aux.skip(handle, page_size / 2), 0);
	EXPECT(sleeper.woken());
	EXPECT_EQ(handle.wakeup, page_size);
	EXPECT(reader.nothing());
	EXPECT(!aux.end(handle, 8));
	EXPECT_EQ(reader.next().offset, 100 + page_size / 2);
}

CASE(aux_transaction, the_watermark_wakes_once_for_as_many_bytes)
{
	aux_ring aux({.nr_pages = 2, .watermark = 1000});

	REQUIRE(aux);

	attached_sleeper sleeper(aux.ring());

	REQUIRE(!aux.write(999));
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT(!aux.ring().aux_readable());
	REQUIRE(!aux.write(1));
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(aux.ring().aux_readable());
	REQUIRE(!aux.write(900));
	EXPECT_EQ(sleeper.woken(), 0);
	REQUIRE(!aux.write(200));
	EXPECT_EQ(sleeper.woken(), 1);
	/* Level: until the reader has come to where it was woken for. */
	aux.page().aux_tail = 2000;
	EXPECT(aux.ring().aux_readable());
	aux.page().aux_tail = 2100;
	EXPECT(!aux.ring().aux_readable());
}

CASE(aux_transaction, the_default_watermark_is_half_the_area)
{
	for (u32 pages : {1u, 2u, 8u}) {
		aux_ring aux({.nr_pages = pages});

		REQUIRE(aux);
		EXPECT_EQ(aux.area().watermark(), pages * page_size / 2);
	}
}

CASE(aux_transaction, a_wakeup_inside_of_a_data_writer_is_sent_when_it_leaves)
{
	aux_ring aux({.nr_pages = 1, .watermark = 8});

	REQUIRE(aux);

	attached_sleeper sleeper(aux.ring());
	{
		writer_section section;
		result<reservation> begun = aux.ring().begin(64, origin());

		REQUIRE(begun);

		reservation outer = begun.take();

		EXPECT_EQ(aux.write(64), 0);
		EXPECT_EQ(aux.page().aux_head, 64);
		EXPECT_EQ(aux.page().data_head, 0);
		fill_sample(outer, 64, 1);
		outer.commit();
		EXPECT_EQ(aux.page().data_head, 64 + sizeof(aux_record));
	}
	EXPECT_EQ(sleeper.woken(), 1);
}

CASE(aux_transaction, a_record_that_finds_no_space_is_lost_and_reported)
{
	aux_ring aux({.nr_pages = 1});

	REQUIRE(aux);
	fill(aux.ring());
	fill(aux.ring(), 16);

	const u64 lost = aux.ring().losses().total();

	REQUIRE(!aux.write(64));
	EXPECT_EQ(aux.ring().losses().total(), lost + 1);
	EXPECT_EQ(aux.page().aux_head, 64);
}

CASE(aux_transaction, a_transaction_in_snapshot_mode_wraps_and_is_never_full)
{
	aux_ring aux({.nr_pages = 1, .overwrite = true});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	EXPECT(aux.filler().given.overwrite);

	aux_reader reader(aux.ring());
	attached_sleeper sleeper(aux.ring());

	/* The tail means nothing, and the source says where it has come. */
	aux.page().aux_tail = ~u64{0};
	for (u64 round = 1; round < 5; round++) {
		REQUIRE(!aux.begin(handle));
		EXPECT_EQ(handle.size, page_size);
		handle.head = round * 1000;
		EXPECT(!aux.end(handle, 0));
		EXPECT_EQ(aux.page().aux_head, round * 1000);
	}
	/* OVERWRITE alone is no news. */
	EXPECT(reader.nothing());
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT(!aux.ring().aux_readable());

	REQUIRE(!aux.begin(handle));
	handle.flags = PERF_AUX_FLAG_PARTIAL;
	EXPECT(!aux.end(handle, 0));

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.offset, 4000);
	EXPECT_EQ(found.flags, PERF_AUX_FLAG_PARTIAL | PERF_AUX_FLAG_OVERWRITE);
}

CASE(aux_transaction, the_stream_wraps_at_2_to_the_64)
{
	aux_ring aux({.nr_pages = 1, .start = 0 - u64{100}});
	perfbuf_aux_handle handle;

	REQUIRE(aux);
	aux.page().aux_tail = 0 - u64{100};
	for (u32 i = 0; i < 4; i++) {
		REQUIRE(!aux.begin(handle));
		EXPECT_EQ(handle.size, page_size - 1);
		EXPECT(!aux.end(handle, 64));
		aux.page().aux_tail = aux.page().aux_head;
	}
	EXPECT_EQ(aux.page().aux_head, 156);
}
