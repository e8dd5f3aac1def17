// SPDX-License-Identifier: GPL-2.0
/* Shared areas: short reservations of several producers, nested in any way. */
#include "aux_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

constexpr u8 outer_byte = 0xa1;
constexpr u8 inner_byte = 0xb2;

} // namespace

CASE(aux_shared, only_the_outermost_writer_publishes_its_packets)
{
	aux_ring aux({.nr_pages = 1, .shared = true});

	REQUIRE(aux);

	aux_reader reader(aux.ring());
	{
		writer_section section;
		result<aux_reservation> reserved = aux.area().reserve(16, origin());

		REQUIRE(reserved);

		aux_reservation outer = reserved.take();
		u8 bytes[16];

		EXPECT_EQ(aux.put(24, inner_byte), 0);
		EXPECT_EQ(aux.put(8, inner_byte), 0);
		EXPECT_EQ(aux.page().aux_head, 0);
		EXPECT(reader.nothing());
		__builtin_memset(bytes, outer_byte, sizeof(bytes));
		outer.copy(bytes, sizeof(bytes));
		outer.commit(origin());
	}
	EXPECT_EQ(aux.page().aux_head, 48);

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.offset, 0);
	EXPECT_EQ(found.size, 48);
	EXPECT_EQ(found.flags, 0);
	EXPECT(reader.nothing());
	for (u64 i = 0; i < 48; i++)
		EXPECT_EQ(aux.byte(i), i < 16 ? outer_byte : inner_byte);
}

CASE(aux_shared, reservations_cross_pages_and_rounds)
{
	aux_ring aux({.nr_pages = 2, .shared = true}, 4);

	REQUIRE(aux);

	aux_reader reader(aux.ring());
	u64 expected = 0;

	for (u32 i = 0; i < 100; i++) {
		const u64 bytes = 1 + i * 37 % 500;

		REQUIRE(!aux.put(bytes, static_cast<u8>(i)));

		const aux_reader::announcement found = reader.next();

		EXPECT_EQ(found.offset, expected);
		EXPECT_EQ(found.size, bytes);
		for (u64 at = 0; at < bytes; at++)
			EXPECT_EQ(aux.byte(expected + at), static_cast<u8>(i));
		expected += bytes;
		aux.page().aux_tail = expected;
	}
	EXPECT_EQ(aux.page().aux_head, expected);
}

CASE(aux_shared, a_full_area_reports_once_that_packets_are_missing)
{
	aux_ring aux({.nr_pages = 1, .shared = true});

	REQUIRE(aux);

	aux_reader reader(aux.ring());
	attached_sleeper sleeper(aux.ring());

	REQUIRE(!aux.put(page_size - 8));
	reader.next();
	sleeper.woken();
	EXPECT_EQ(aux.put(8), ENOSPC);
	EXPECT_EQ(aux.put(8), ENOSPC);
	EXPECT_EQ(aux.stats().aux_truncated.read(), 2);
	EXPECT_EQ(sleeper.woken(), 1);

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.offset, page_size - 8);
	EXPECT_EQ(found.size, 0);
	EXPECT_EQ(found.flags, PERF_AUX_FLAG_TRUNCATED);
	EXPECT(reader.nothing());
	/* The other writers go on as soon as there is space, and the next refusal is reported
	 * again. */
	aux.page().aux_tail = 64;
	EXPECT_EQ(aux.put(64), 0);
	EXPECT_EQ(reader.next().flags, 0);
	EXPECT_EQ(aux.put(64), ENOSPC);
	EXPECT_EQ(reader.next().flags, PERF_AUX_FLAG_TRUNCATED);
}

CASE(aux_shared, the_outermost_writer_reports_the_refusal_of_a_nested_one)
{
	aux_ring aux({.nr_pages = 1, .shared = true});

	REQUIRE(aux);

	aux_reader reader(aux.ring());
	{
		writer_section section;
		result<aux_reservation> reserved = aux.area().reserve(page_size - 1, origin());

		REQUIRE(reserved);

		aux_reservation outer = reserved.take();
		static u8 bytes[page_size];

		EXPECT_EQ(aux.put(8), ENOSPC);
		EXPECT(reader.nothing());
		outer.copy(bytes, page_size - 1);
		outer.commit(origin());
	}

	const aux_reader::announcement found = reader.next();

	EXPECT_EQ(found.size, page_size - 1);
	EXPECT_EQ(found.flags, PERF_AUX_FLAG_TRUNCATED);
}

CASE(aux_shared, a_packet_larger_than_the_area_is_too_big)
{
	aux_ring aux({.nr_pages = 1, .shared = true});

	REQUIRE(aux);
	EXPECT_EQ(aux.put(page_size), E2BIG);
	EXPECT_EQ(aux.put(page_size - 1), 0);
	EXPECT_EQ(aux.stats().aux_truncated.read(), 0);
}

CASE(aux_shared, an_area_refuses_the_operations_of_the_other_kind)
{
	aux_ring shared({.nr_pages = 1, .shared = true});
	aux_ring exclusive({.nr_pages = 1});
	perfbuf_aux_handle handle;

	REQUIRE(shared);
	REQUIRE(exclusive);
	EXPECT_EQ(shared.begin(handle), EINVAL);
	EXPECT_EQ(exclusive.put(8), EINVAL);
	EXPECT_EQ(shared.put(8), 0);
	EXPECT_EQ(exclusive.write(8), 0);
}

CASE(aux_shared, a_reader_is_woken_when_the_watermark_is_reached)
{
	aux_ring aux({.nr_pages = 1, .watermark = 100, .shared = true});

	REQUIRE(aux);

	attached_sleeper sleeper(aux.ring());

	for (u32 i = 0; i < 4; i++)
		REQUIRE(!aux.put(24));
	EXPECT_EQ(sleeper.woken(), 0);
	REQUIRE(!aux.put(24));
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(aux.ring().aux_readable());
}

CASE(aux_shared, snapshot_mode_moves_the_head_and_writes_no_record)
{
	aux_ring aux({.nr_pages = 1, .overwrite = true, .shared = true});

	REQUIRE(aux);

	aux_reader reader(aux.ring());

	for (u32 i = 0; i < 20; i++)
		REQUIRE(!aux.put(1000, static_cast<u8>(i)));
	EXPECT_EQ(aux.page().aux_head, 20000);
	EXPECT(reader.nothing());
	for (u64 at = 19000; at < 20000; at++)
		EXPECT_EQ(aux.byte(at), 19);
}

CASE(aux_shared, a_sample_holds_the_area_alone_and_copies_across_its_end)
{
	aux_ring aux({.nr_pages = 2, .shared = true});

	REQUIRE(aux);
	EXPECT_EQ(aux.area().start(), 0);
	EXPECT(aux.area().try_hold());
	EXPECT(!aux.area().try_hold());
	aux.area().release_hold();
	EXPECT(aux.area().try_hold());

	REQUIRE(!aux.put(2 * page_size - 40, 1));
	aux.page().aux_tail = 2 * page_size - 40;
	REQUIRE(!aux.put(40, 2));
	REQUIRE(!aux.put(24, 3));

	ring_reader reader(aux.ring());
	const u64 at = reader.head();
	{
		writer_section section;
		result<reservation> begun = aux.ring().begin(72, origin());

		REQUIRE(begun);

		reservation record = begun.take();

		record.put(u64{72} << 48 | PERF_RECORD_SAMPLE);
		aux.area().copy_to(record, 2 * page_size - 40, 64);
		record.commit();
	}
	for (u64 i = 0; i < 64; i += 8)
		EXPECT_EQ(reader.word(at + 8 + i),
			  i < 40 ? 0x0202020202020202 : 0x0303030303030303);
	aux.area().release_hold();
}

CASE(aux_shared, a_window_that_a_sample_holds_is_not_overwritten)
{
	for (bool overwrite : {false, true}) {
		aux_ring aux({.nr_pages = 1, .overwrite = overwrite, .shared = true}, 4);

		REQUIRE(aux);

		aux_reader reader(aux.ring());
		aux_area &area = aux.area();

		REQUIRE(!aux.put(page_size - 8, 1));
		/* All of it has been read, so there is space: the window is not what is unread. */
		aux.page().aux_tail = page_size - 8;
		if (!overwrite)
			reader.next();

		REQUIRE(area.try_hold());

		const aux_area::window held = area.hold_window(area.published(), 256);

		EXPECT_EQ(held.from, page_size - 264);
		EXPECT_EQ(held.bytes, 256);
		/* As far as the window, and no byte further. */
		EXPECT_EQ(aux.put(page_size - 255, 2), ENOSPC);
		EXPECT_EQ(aux.put(page_size - 256, 2), 0);
		EXPECT_EQ(aux.put(1, 3), ENOSPC);
		for (u64 i = 0; i < held.bytes; i++)
			EXPECT_EQ(aux.byte(held.from + i), 1);
		area.release_hold();

		/* Refusals are reported as those of a full area are, once for each head. */
		aux_reader::announcement found = reader.next();
		const u64 kind = overwrite ? PERF_AUX_FLAG_OVERWRITE : 0;

		EXPECT_EQ(found.offset, page_size - 8);
		EXPECT_EQ(found.size, 0);
		EXPECT_EQ(found.flags, PERF_AUX_FLAG_TRUNCATED | kind);
		if (!overwrite)
			EXPECT_EQ(reader.next().size, page_size - 256);
		found = reader.next();
		EXPECT_EQ(found.offset, 2 * page_size - 264);
		EXPECT_EQ(found.flags, PERF_AUX_FLAG_TRUNCATED | kind);
		EXPECT(reader.nothing());
		EXPECT_EQ(aux.stats().aux_truncated.read(), 2);
		aux.page().aux_tail = 2 * page_size - 264;
		EXPECT_EQ(aux.put(page_size - 8, 4), 0);
	}
}

CASE(aux_shared, a_sample_leaves_out_what_an_interrupted_writer_overwrites)
{
	aux_ring aux({.nr_pages = 1, .overwrite = true, .shared = true});

	REQUIRE(aux);

	aux_area &area = aux.area();

	REQUIRE(!aux.put(page_size - 1, 1));
	REQUIRE(!aux.put(1, 1));
	{
		writer_section section;
		result<aux_reservation> reserved = area.reserve(20, origin());

		REQUIRE(reserved);

		aux_reservation outer = reserved.take();
		u8 bytes[20];

		__builtin_memset(bytes, outer_byte, sizeof(bytes));
		outer.copy(bytes, 7);
		REQUIRE(area.try_hold());

		/* As a sample of an NMI. */
		const aux_area::window held = area.hold_window(area.published(), page_size);

		EXPECT_EQ(held.bytes, page_size - 24);
		EXPECT_EQ(held.from, 24);
		for (u64 i = 0; i < held.bytes; i++)
			EXPECT_EQ(area.memory().at(held.from + i).address[0], 1);
		area.release_hold();
		outer.copy(bytes, 13);
		outer.commit(origin());
	}
	REQUIRE(area.try_hold());

	const aux_area::window held = area.hold_window(area.published(), page_size);

	EXPECT_EQ(held.bytes, page_size);
	EXPECT_EQ(held.from, 20);
	area.release_hold();
}

CASE(aux_shared, a_sample_takes_nothing_where_writers_have_gone_round)
{
	aux_ring aux({.nr_pages = 1, .overwrite = true, .shared = true});

	REQUIRE(aux);

	aux_area &area = aux.area();
	static u8 bytes[3000];

	REQUIRE(!aux.put(page_size - 8, 1));
	{
		writer_section section;
		result<aux_reservation> first = area.reserve(sizeof(bytes), origin());
		result<aux_reservation> second = area.reserve(sizeof(bytes), origin());

		REQUIRE(first);
		REQUIRE(second);

		aux_reservation outer = first.take(), inner = second.take();

		REQUIRE(area.try_hold());
		EXPECT_EQ(area.hold_window(area.published(), page_size).bytes, 0);
		area.release_hold();
		inner.copy(bytes, sizeof(bytes));
		inner.commit(origin());
		outer.copy(bytes, sizeof(bytes));
		outer.commit(origin());
	}
}
