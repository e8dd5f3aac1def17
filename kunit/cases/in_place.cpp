// SPDX-License-Identifier: GPL-2.0
/* Records that are written in place, and records that are given up. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* Writes a sample of @bytes, by next_contiguous() if that is contiguous. Returns whether it was. */
bool write_in_place(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin(bytes, origin());

	if (!begun)
		return false;

	reservation record = begun.take();
	u64 *here = static_cast<u64 *>(record.next_contiguous(bytes));

	if (!here) {
		fill_sample(record, bytes, sequence);
		record.commit();
		return false;
	}
	here[0] = __builtin_bit_cast(u64, perf_event_header{.type = PERF_RECORD_SAMPLE,
							    .misc = 0,
							    .size = static_cast<u16>(bytes)});
	here[1] = sequence;
	for (u32 done = 16; done < bytes; done += 8)
		here[done / 8] = body_word(sequence, done);
	record.commit();
	return true;
}

/* The same by reserve_contiguous(). */
bool write_whole(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	u64 *here = static_cast<u64 *>(ring.reserve_contiguous(bytes, origin()));

	if (!here)
		return false;
	here[0] = __builtin_bit_cast(u64, perf_event_header{.type = PERF_RECORD_SAMPLE,
							    .misc = 0,
							    .size = static_cast<u16>(bytes)});
	here[1] = sequence;
	for (u32 done = 16; done < bytes; done += 8)
		here[done / 8] = body_word(sequence, done);
	ring.commit_contiguous();
	return true;
}

enum class step { lost, fast, slow };

/* The same by its steps. */
step write_in_steps(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	alignas(reservation) char space[sizeof(reservation)];
	reservation &record = *reinterpret_cast<reservation *>(space);
	contiguous_record where;

	if (!ring.try_reserve(bytes, where)) {
		if (ring.reserve_after_try(space, bytes, origin()))
			return step::lost;
		fill_sample(record, bytes, sequence);
		record.commit();
		record.~reservation();
		return step::slow;
	}

	u64 *here = reinterpret_cast<u64 *>(where.address);

	here[0] = __builtin_bit_cast(u64, perf_event_header{.type = PERF_RECORD_SAMPLE,
							    .misc = 0,
							    .size = static_cast<u16>(bytes)});
	here[1] = sequence;
	for (u32 done = 16; done < bytes; done += 8)
		here[done / 8] = body_word(sequence, done);

	const perf_buffer::committed how = ring.try_commit();

	if (how != perf_buffer::committed::done)
		ring.commit_slow(how);
	return step::fast;
}

} // namespace

CASE(ring_in_place, every_record_on_mirrored_storage_is_contiguous)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .storage = storage_kind::mirrored});

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	for (u32 i = 0; i < 500; i++) {
		EXPECT(write_in_place(*ring, 24 + 8 * (i % 71), i));
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
		reader.release();
	}
}

CASE(ring_in_place,
     a_contiguous_reserve_is_refused_where_the_record_wraps_and_the_reservation_stays)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2});

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;
	u32 refused = 0;

	for (u32 i = 0; i < 500; i++) {
		refused += !write_in_place(*ring, 24 + 8 * (i % 71), i);
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		reader.release();
	}
	EXPECT(refused > 10);
	EXPECT(refused < 60);
}

CASE(ring_in_place, a_whole_record_is_written_without_a_reservation_object_in_every_mode)
{
	for (u32 mode = 0; mode < 4; mode++) {
		const bool backward = mode & 1;
		ref<perf_buffer> ring = make_ring({.nr_pages = 1,
						   .overwrite = (mode & 2) != 0,
						   .backward = backward,
						   .storage = storage_kind::mirrored});

		REQUIRE(ring);

		ring_reader reader(*ring);

		for (u32 i = 0; i < 300; i++) {
			const u32 bytes = 24 + 8 * (i % 71);

			EXPECT(write_whole(*ring, bytes, i));

			const seen found =
				reader.at(backward ? reader.head() : reader.head() - bytes);

			EXPECT(found.whole);
			EXPECT_EQ(found.sequence, i);
			reader.drain();
		}
		EXPECT_EQ(ring->records(), 300);
	}
}

CASE(ring_in_place, a_record_written_in_steps_is_whole_on_every_storage_in_both_directions)
{
	constexpr storage_kind kinds[] = {storage_kind::pages, storage_kind::vmalloc,
					  storage_kind::mirrored};

	for (u32 mode = 0; mode < 6; mode++) {
		const bool backward = mode & 1;
		ref<perf_buffer> ring = make_ring(
			{.nr_pages = 2, .backward = backward, .storage = kinds[mode / 2]});

		REQUIRE(ring);

		ring_reader reader(*ring);
		u32 slow = 0;

		for (u32 i = 0; i < 500; i++) {
			const u32 bytes = 24 + 8 * (i % 71);
			const step how = write_in_steps(*ring, bytes, i);

			REQUIRE(how != step::lost);
			slow += how == step::slow;

			const seen found =
				reader.at(backward ? reader.head() : reader.head() - bytes);

			EXPECT(found.whole);
			EXPECT_EQ(found.sequence, i);
			reader.drain();
		}
		EXPECT_EQ(ring->records(), 500);
		/* At the ends of spans, and a watermark apart; backward, the inline step is the
		 * slow path's. */
		EXPECT(slow > 5);
		EXPECT(backward || slow < 120);
	}
}

CASE(ring_in_place, a_record_written_in_steps_may_end_with_its_page)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2, .watermark = 8192});

	REQUIRE(ring);
	EXPECT(write_in_steps(*ring, 64, 0) == step::fast);
	EXPECT(write_in_steps(*ring, page_size - 128, 1) == step::fast);
	EXPECT(write_in_steps(*ring, 64, 2) == step::fast);
	/* The next page; where the architecture needs vmalloc, there is one chunk. */
	EXPECT(write_in_steps(*ring, 64, 3) == (PB_USE_VMALLOC ? step::fast : step::slow));

	ring_reader reader(*ring);
	seen found;

	for (u32 i = 0; i <= 3; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
	}
}

CASE(ring_in_place, a_refused_record_written_in_steps_is_counted_once)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1});

	REQUIRE(ring);

	u32 written = 0;

	while (write_in_steps(*ring, 64, written) != step::lost)
		written++;
	EXPECT_EQ(written, 63);
	EXPECT_EQ(ring->records(), 63);
	EXPECT_EQ(ring->losses().total(), 1);
	EXPECT(write_in_steps(*ring, 64, 0) == step::lost);
	EXPECT_EQ(ring->losses().total(), 2);
}

/* A reason that comes while the limit is open takes the next record off the fast path. */
CASE(ring_in_place, a_reason_that_comes_while_the_limit_is_open_closes_it)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2});

	REQUIRE(ring);
	EXPECT(write_in_steps(*ring, 64, 0) == step::fast);
	EXPECT(write_in_steps(*ring, 64, 1) == step::fast);
	ring->pause(true);
	EXPECT(write_in_steps(*ring, 64, 2) == step::lost);
	ring->pause(false);
	/* It reports the loss; the next one opens the limit. */
	EXPECT(write_in_steps(*ring, 64, 3) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 4) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 5) == step::fast);
	ring->count_loss(loss_cause::recursion);
	EXPECT(write_in_steps(*ring, 64, 6) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 6) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 6) == step::fast);
	REQUIRE(ring->set_wakeups(1000000, true));
	EXPECT(write_in_steps(*ring, 64, 7) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 8) == step::slow);
	REQUIRE(ring->set_wakeups(0, true));
	EXPECT(write_in_steps(*ring, 64, 9) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 10) == step::fast);
	(void)ring->watch_stats();
	EXPECT(write_in_steps(*ring, 64, 11) == step::slow);
	EXPECT(write_in_steps(*ring, 64, 12) == step::slow);
}

CASE(ring_in_place, a_record_beyond_64_KiB_is_too_big_for_a_ring_that_has_space_for_it)
{
	ref<perf_buffer> ring = make_ring(
		{.nr_pages = 64, .watermark = 64 * page_size, .storage = storage_kind::vmalloc});

	REQUIRE(ring);

	writer_section section;

	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(ring->begin(record_size_max + 8, origin()).error().code(), E2BIG);

		result<reservation> largest = ring->begin(record_size_max, origin());

		REQUIRE(largest);

		reservation record = largest.take();

		record.skip(record_size_max);
		record.commit();
	}
}

CASE(ring_in_place, a_refused_whole_record_is_reported_before_the_next_one)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .storage = storage_kind::mirrored});

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;
	u32 written = 0;

	while (write_whole(*ring, 64, written))
		written++;
	EXPECT_EQ(written, 63);
	ring->pause(true);
	EXPECT(!write_whole(*ring, 64, 0));
	ring->pause(false);
	EXPECT(!write_whole(*ring, 8192, 0));
	EXPECT_EQ(ring->losses().read(loss_cause::full), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::paused), 1);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), 1);
	reader.drain();
	EXPECT(write_whole(*ring, 64, 70));
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 3);
	REQUIRE(reader.next(found));
	EXPECT(found.whole);
	EXPECT_EQ(found.sequence, 70);
}

CASE(ring_in_place, a_whole_record_off_the_fast_path_is_not_begun_on_storage_that_is_not_mirrored)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	/* Within the limit it is contiguous, up to the mark. */
	u32 whole = 0;

	while (write_whole(*ring, 64, whole))
		whole++;
	EXPECT_EQ(whole, 32);
	ring->pause(true);
	EXPECT(!write_whole(*ring, 64, 3));
	EXPECT_EQ(ring->records(), 32);
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_in_place, a_reservation_that_is_made_where_the_caller_says)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;
	u32 written = 0;
	alignas(reservation) char place[sizeof(reservation)];
	auto *record = reinterpret_cast<reservation *>(place);
	int why;

	/* Through the pages, and until it is full. */
	do {
		writer_section section;

		why = ring->begin_at(place, 72, origin());
		if (!why) {
			fill_sample(*record, 72, written++);
			record->commit();
		}
	} while (!why);
	EXPECT_EQ(why, ENOSPC);
	EXPECT_EQ(written, 56);
	for (u32 i = 0; i < written; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
	}
	{
		writer_section section;

		EXPECT_EQ(ring->begin_at(place, 8192, origin()), E2BIG);
	}
}

CASE(ring_discard, a_discarded_record_is_not_seen_by_the_reader)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = backward});

		REQUIRE(ring);

		ring_reader reader(*ring);

		EXPECT_EQ(write_sample(*ring, 64, 0), 0);

		const u64 head = reader.head();

		for (u32 i = 0; i < 200; i++) {
			writer_section section;
			result<reservation> begun = ring->begin_discardable(64, origin());

			REQUIRE(begun);

			reservation record = begun.take();

			record.put(u64{i});
			record.discard(64, origin());
			EXPECT_EQ(reader.head(), head);
		}
		EXPECT_EQ(ring->records(), 1);
		EXPECT_EQ(ring->losses().total(), 0);
		EXPECT_EQ(write_sample(*ring, 64, 1), 0);
		EXPECT_EQ(reader.at(backward ? reader.head() : head).sequence, 1);
	}
}

CASE(ring_discard, a_discarded_record_with_a_record_behind_it_becomes_a_loss_of_none)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = backward});

		REQUIRE(ring);

		ring_reader reader(*ring);
		const origin writer(9, 16);

		{
			writer_section section;
			result<reservation> begun = ring->begin_discardable(96, writer);

			REQUIRE(begun);

			reservation record = begun.take();

			record.put(u64{0xbad});
			EXPECT_EQ(write_sample(*ring, 64, 1), 0);
			record.discard(96, writer);
		}

		const u64 filler = backward ? reader.head() + 64 : 0;
		const seen found = reader.at(filler);

		EXPECT_EQ(found.type, PERF_RECORD_LOST);
		EXPECT_EQ(found.bytes, 96);
		EXPECT_EQ(found.id, 9);
		EXPECT_EQ(found.lost, 0);
		for (u64 at = 24; at < 80; at += 8)
			EXPECT_EQ(reader.word(filler + at), 0);
		EXPECT_EQ(reader.word(filler + 80), origin::trailer_word);
		EXPECT_EQ(reader.at(backward ? reader.head() : 96).sequence, 1);
		EXPECT_EQ(ring->records(), 1);
		EXPECT_EQ(ring->losses().total(), 0);
	}
}

CASE(ring_discard, a_loss_reported_with_a_discarded_record_stays_reported)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	ring->count_loss(loss_cause::recursion);
	{
		writer_section section;
		result<reservation> begun = ring->begin_discardable(64, origin());

		REQUIRE(begun);

		reservation record = begun.take();

		record.put(u64{1});
		record.discard(64, origin());
	}
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_LOST);
	EXPECT_EQ(found.lost, 1);
	EXPECT(!reader.next(found));
}

CASE(ring_discard, a_record_too_small_for_its_filler_is_refused)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	writer_section section;

	EXPECT_EQ(ring->begin_discardable(16, origin()).error().code(), EINVAL);
	EXPECT_EQ(ring->begin_discardable(48, origin(1, 32)).error().code(), EINVAL);
	EXPECT_EQ(ring->losses().total(), 0);

	result<reservation> begun = ring->begin_discardable(56, origin(1, 32));

	REQUIRE(begun);
	begun.take().discard(56, origin(1, 32));
}

CASE(ring_stats, the_statistics_page_counts_each_write_and_each_loss)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	const auto *stats =
		static_cast<const perfbuf_ring_stats *>(pb_test_frame_address(ring->watch_stats()));
	ring_reader reader(*ring);

	EXPECT_EQ(stats->size, sizeof(*stats));
	EXPECT_EQ(stats->version, 0);
	for (u32 i = 0; i < 20; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	EXPECT_EQ(stats->records, 20);
	EXPECT_EQ(stats->bytes, 20 * 64);
	EXPECT_EQ(stats->high_water, 20 * 64);
	EXPECT_EQ(stats->nesting, 1);
	reader.drain();
	{
		writer_section section;
		result<reservation> begun = ring->begin(64, origin());

		REQUIRE(begun);

		reservation record = begun.take();

		write_sample(*ring, 64, 20);
		fill_sample(record, 64, 21);
		record.commit();
	}
	EXPECT_EQ(stats->nesting, 2);
	EXPECT_EQ(stats->high_water, 20 * 64);
	fill(*ring);
	EXPECT_EQ(stats->lost[PERFBUF_LOST_FULL], 1);
	EXPECT_EQ(stats->bytes, reader.head());
	EXPECT(stats->wakeups >= 1);
	EXPECT(stats->high_water > 3900);
}

CASE(ring_stats, watching_shows_what_was_written_before)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	EXPECT_EQ(write_sample(*ring, 64, 1), 0);

	const auto *stats =
		static_cast<const perfbuf_ring_stats *>(pb_test_frame_address(ring->watch_stats()));

	EXPECT_EQ(stats->records, 2);
	EXPECT_EQ(stats->bytes, 128);
	EXPECT_EQ(write_sample(*ring, 64, 2), 0);
	EXPECT_EQ(stats->records, 3);
	EXPECT_EQ(stats->bytes, 192);
}
