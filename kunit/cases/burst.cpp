// SPDX-License-Identifier: GPL-2.0
/* Bursts: several records under one reservation and one publication. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

constexpr u32 record_bytes = 72;

/* A burst of @records, whose sequences begin with @first, in the order of the stream. */
class open_burst
{
public:
	open_burst(perf_buffer &ring, u32 records) noexcept
		: records_(records),
		  begun_(ring.begin_burst(records * record_bytes, records, origin()))
	{
	}

	int error() const noexcept { return begun_ ? 0 : begun_.error().code(); }

	reservation fill(u64 first) noexcept
	{
		reservation all = begun_.take();

		for (u32 i = 0; i < records_; i++)
			fill_sample(all, record_bytes, first + i);
		return all;
	}

private:
	writer_section section_;
	u32 records_;
	result<reservation> begun_;
};

/* From begin to commit. 0 or the errno. */
int write_burst(perf_buffer &ring, u32 records, u64 first) noexcept
{
	open_burst burst(ring, records);

	if (!burst.error())
		burst.fill(first).commit();
	return burst.error();
}

/* Writes a burst, of which each record counts. */
void write_counted(perf_buffer &ring, u32 records, u32 every) noexcept
{
	open_burst burst(ring, records);

	if (burst.error())
		return;

	reservation all = burst.fill(0);

	ring.count_event(every, records);
	all.commit();
}

} // namespace

CASE(ring_burst, a_reader_sees_all_records_of_a_burst_or_none)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = backward});

		REQUIRE(ring);

		ring_reader reader(*ring);
		u64 written = 0;
		int why = 0;

		for (;;) {
			const u64 before = reader.head();
			open_burst burst(*ring, 3);

			why = burst.error();
			if (why)
				break;

			reservation all = burst.fill(written);

			EXPECT_EQ(reader.head(), before);
			all.commit();

			const u64 first = backward ? reader.head() : before;

			EXPECT_EQ(first + 3 * record_bytes, backward ? before : reader.head());
			for (u64 i = 0; i < 3; i++) {
				const seen found = reader.at(first + record_bytes * i);

				EXPECT(found.whole);
				EXPECT_EQ(found.sequence, written + i);
			}
			written += 3;
			EXPECT_EQ(ring->records(), written);
		}
		EXPECT_EQ(why, ENOSPC);
		EXPECT_EQ(written, 3 * (page_size / (3 * record_bytes)));
		EXPECT_EQ(ring->records(), written);
		EXPECT_EQ(ring->losses().read(loss_cause::full), 3);
	}
}

CASE(ring_burst, a_burst_that_crosses_the_chunks_of_the_ring_is_whole)
{
	for (storage_kind kind :
	     {storage_kind::pages, storage_kind::vmalloc, storage_kind::mirrored}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 2, .storage = kind});

		REQUIRE(ring);

		ring_reader reader(*ring);
		u64 read = 0;

		/* Each begins elsewhere in a page. */
		for (u64 written = 0; written < 4000; written += 50) {
			seen found;

			EXPECT_EQ(write_burst(*ring, 50, written), 0);
			while (reader.next(found)) {
				EXPECT(found.whole);
				EXPECT_EQ(found.sequence, read++);
			}
			EXPECT_EQ(read, written + 50);
			reader.release();
		}
	}
}

CASE(ring_burst, a_nested_record_is_published_with_the_burst_behind_it)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	{
		open_burst burst(*ring, 4);

		REQUIRE(!burst.error());
		EXPECT_EQ(write_sample(*ring, 64, 4), 0);
		EXPECT_EQ(reader.head(), 0);

		reservation all = burst.fill(0);

		EXPECT_EQ(write_sample(*ring, 64, 5), 0);
		EXPECT_EQ(reader.head(), 0);
		all.commit();
	}
	EXPECT_EQ(reader.head(), 4 * record_bytes + 2 * 64);
	for (u64 i = 0; i < 6; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
	}
	EXPECT_EQ(ring->records(), 6);
}

CASE(ring_burst, a_nested_burst_is_published_with_the_outer_record)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	{
		writer_section section;
		result<reservation> outer = ring->begin(64, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		EXPECT_EQ(write_burst(*ring, 3, 1), 0);
		EXPECT_EQ(reader.head(), 0);
		fill_sample(record, 64, 0);
		record.commit();
	}
	for (u64 i = 0; i < 4; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
	}
	EXPECT(!reader.next(found));
}

CASE(ring_burst, a_burst_that_does_not_fit_is_lost_as_a_whole_and_reported)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	const u64 space = page_size / record_bytes;
	seen found;

	/* Space for all records of the burst but one. */
	for (u64 i = 0; i < space - 4; i++)
		EXPECT_EQ(write_sample(*ring, record_bytes, i), 0);

	const u64 full = reader.head();

	EXPECT_EQ(write_burst(*ring, 5, 1000), ENOSPC);
	EXPECT_EQ(reader.head(), full);
	EXPECT_EQ(write_burst(*ring, 7, 1000), ENOSPC);
	EXPECT_EQ(ring->losses().read(loss_cause::full), 12);
	EXPECT_EQ(ring->records(), space - 4);

	reader.drain();
	EXPECT_EQ(write_burst(*ring, 5, 2000), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 12);
	for (u64 i = 0; i < 5; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, 2000 + i);
	}
	EXPECT_EQ(ring->losses().total(), 12);
}

CASE(ring_burst, a_burst_larger_than_the_largest_record_is_too_big)
{
	ref<perf_buffer> ring = make_ring(32);

	REQUIRE(ring);

	ring_reader reader(*ring);
	constexpr u32 most = record_size_max / record_bytes;

	EXPECT_EQ(write_burst(*ring, most + 1, 0), E2BIG);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), most + 1);
	EXPECT_EQ(ring->losses().total(), most + 1);
	EXPECT_EQ(reader.head(), 0);
	EXPECT_EQ(write_burst(*ring, most, 0), 0);
	EXPECT_EQ(ring->records(), most);

	/* And one that is larger than the ring. */
	ref<perf_buffer> small = make_ring();

	REQUIRE(small);
	EXPECT_EQ(write_burst(*small, page_size / record_bytes + 1, 0), E2BIG);
}

CASE(ring_burst, a_burst_in_a_paused_ring_is_lost_as_paused)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	ring->pause(true);
	EXPECT_EQ(write_burst(*ring, 4, 0), EAGAIN);
	ring->pause(false);
	EXPECT_EQ(ring->losses().read(loss_cause::paused), 4);
	EXPECT_EQ(ring->records(), 0);
	EXPECT_EQ(write_burst(*ring, 4, 0), 0);
}

CASE(ring_burst, a_pending_loss_is_reported_before_the_burst)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	{
		writer_section section;

		ring->count_loss(loss_cause::recursion, 3);
	}
	EXPECT_EQ(write_burst(*ring, 2, 0), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 3);
	for (u64 i = 0; i < 2; i++) {
		REQUIRE(reader.next(found));
		EXPECT_EQ(found.sequence, i);
	}
	EXPECT(!reader.next(found));
}

CASE(ring_burst, a_discarded_burst_vanishes_and_is_not_counted)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	for (u32 i = 0; i < 100; i++) {
		open_burst burst(*ring, 20);

		REQUIRE(!burst.error());
		burst.fill(0).discard(20 * record_bytes, origin(), 20);
	}
	EXPECT_EQ(reader.head(), 0);
	EXPECT_EQ(ring->records(), 0);
	EXPECT_EQ(ring->losses().total(), 0);
	EXPECT_EQ(write_burst(*ring, 2, 7), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.sequence, 7);
}

CASE(ring_burst, a_discarded_burst_with_a_record_behind_it_becomes_one_record_of_no_loss)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	{
		open_burst burst(*ring, 5);

		REQUIRE(!burst.error());

		reservation all = burst.fill(0);

		EXPECT_EQ(write_sample(*ring, 64, 9), 0);
		all.discard(5 * record_bytes, origin(), 5);
	}
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.bytes, 5 * record_bytes);
	EXPECT_EQ(found.lost, 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.sequence, 9);
	EXPECT(!reader.next(found));
	EXPECT_EQ(ring->records(), 1);
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_burst, a_burst_beyond_several_watermarks_wakes_once)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 4, .watermark = 256});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	EXPECT_EQ(write_burst(*ring, 3, 0), 0);
	EXPECT_EQ(sleeper.woken(), 0);
	EXPECT(!ring->readable());
	EXPECT_EQ(write_burst(*ring, 20, 0), 0);
	EXPECT_EQ(sleeper.woken(), 1);
	EXPECT(ring->readable());
	/* The mark is at most a watermark ahead. */
	EXPECT_EQ(write_burst(*ring, 4, 0), 0);
	EXPECT_EQ(sleeper.woken(), 1);
}

CASE(ring_burst, each_record_of_a_burst_counts_towards_the_wakeup_by_count)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);

	write_counted(*ring, 9, 10);
	EXPECT_EQ(sleeper.woken(), 0);
	write_counted(*ring, 1, 10);
	EXPECT_EQ(sleeper.woken(), 1);
	/* A burst that passes the count wakes once; the next count begins behind it. */
	write_counted(*ring, 25, 10);
	EXPECT_EQ(sleeper.woken(), 1);
	write_counted(*ring, 9, 10);
	EXPECT_EQ(sleeper.woken(), 0);
	write_counted(*ring, 1, 10);
	EXPECT_EQ(sleeper.woken(), 1);
}

CASE(ring_burst, watched_statistics_count_each_record_of_a_burst)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);
	ring->watch_stats();
	EXPECT_EQ(write_burst(*ring, 6, 0), 0);
	EXPECT_EQ(ring->stats().records.read_once(), 6);
	EXPECT_EQ(ring->stats().bytes.read_once(), 6 * record_bytes);
}
