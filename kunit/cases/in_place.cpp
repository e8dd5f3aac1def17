// SPDX-License-Identifier: GPL-2.0
/* Records that are written in place, and records that are given up. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* A sample of @bytes written through claim(): whether it was contiguous. */
bool write_in_place(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin(bytes, origin());

	if (!begun)
		return false;

	reservation record = begun.take();
	u64 *here = static_cast<u64 *>(record.claim(bytes));

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

/* The same by begin_in_place(). */
bool write_whole(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	u64 *here = static_cast<u64 *>(ring.begin_in_place(bytes, origin()));

	if (!here)
		return false;
	here[0] = __builtin_bit_cast(u64, perf_event_header{.type = PERF_RECORD_SAMPLE,
							    .misc = 0,
							    .size = static_cast<u16>(bytes)});
	here[1] = sequence;
	for (u32 done = 16; done < bytes; done += 8)
		here[done / 8] = body_word(sequence, done);
	ring.commit_in_place();
	return true;
}

enum class step { not_admitted, lost, in_one_piece, in_two, after_a_look };

/* The same by the steps of it: how far they came. */
step write_in_steps(perf_buffer &ring, u32 bytes, u64 sequence) noexcept
{
	writer_section section;
	alignas(reservation) char room[sizeof(reservation)];
	reservation &record = *reinterpret_cast<reservation *>(room);
	step how = step::in_one_piece;
	u64 position;
	char *place;

	if (!ring.admits(bytes))
		return step::not_admitted;
	if (!ring.try_take(bytes, position)) {
		how = step::after_a_look;
		if (ring.take_at(room, bytes))
			return step::lost;
	} else if (ring.is_mirrored()) {
		place = ring.in_mirrored(position);
	} else if (!ring.in_one_chunk(position, bytes, place)) {
		how = step::in_two;
		ring.resume_at(room, position, bytes);
	}
	if (how != step::in_one_piece) {
		fill_sample(record, bytes, sequence);
		record.commit();
		record.~reservation();
		return how;
	}

	u64 *here = reinterpret_cast<u64 *>(place);

	here[0] = __builtin_bit_cast(u64, perf_event_header{.type = PERF_RECORD_SAMPLE,
							    .misc = 0,
							    .size = static_cast<u16>(bytes)});
	here[1] = sequence;
	for (u32 done = 16; done < bytes; done += 8)
		here[done / 8] = body_word(sequence, done);

	const perf_buffer::leaving left = ring.try_commit();

	if (left != perf_buffer::leaving::done)
		ring.commit_closely(left);
	return how;
}

} // namespace

CASE(ring_in_place, on_mirrored_storage_every_record_is_contiguous)
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

CASE(ring_in_place, where_a_record_wraps_the_claim_is_refused_and_the_reservation_stays)
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

CASE(ring_in_place, without_a_reservation_in_every_mode)
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

CASE(ring_in_place, in_steps_on_every_storage)
{
	constexpr storage_kind kinds[] = {storage_kind::pages, storage_kind::vmalloc,
					  storage_kind::mirrored};

	for (storage_kind kind : kinds) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 2, .storage = kind});

		REQUIRE(ring);

		ring_reader reader(*ring);
		seen found;
		u32 in_two = 0;

		for (u32 i = 0; i < 500; i++) {
			const step how = write_in_steps(*ring, 24 + 8 * (i % 71), i);

			EXPECT(how == step::in_one_piece || how == step::in_two);
			in_two += how == step::in_two;
			REQUIRE(reader.next(found));
			EXPECT(found.whole);
			EXPECT_EQ(found.sequence, i);
			reader.release();
		}
		EXPECT_EQ(ring->records(), 500);
		if (ring->is_mirrored()) {
			EXPECT_EQ(in_two, 0);
		} else {
			EXPECT(in_two > 5);
			EXPECT(in_two < 60);
		}
	}
}

/* The page that ends where the record does is one page. */
CASE(ring_in_place, in_steps_up_to_the_end_of_a_page)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 2});

	REQUIRE(ring);
	EXPECT(write_in_steps(*ring, page_size - 64, 1) == step::in_one_piece);
	EXPECT(write_in_steps(*ring, 64, 2) == step::in_one_piece);
	EXPECT(write_in_steps(*ring, page_size - 64, 3) == step::in_one_piece);

	ring_reader reader(*ring);
	seen found;

	for (u32 i = 1; i <= 3; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		EXPECT_EQ(found.sequence, i);
		reader.release();
	}
	/* The end of the ring. */
	EXPECT(write_in_steps(*ring, 72, 4) == step::in_two);
	REQUIRE(reader.next(found));
	EXPECT(found.whole);
	EXPECT_EQ(found.sequence, 4);
}

CASE(ring_in_place, in_steps_what_is_refused_is_counted_once)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1});

	REQUIRE(ring);

	u32 written = 0;

	while (write_in_steps(*ring, 64, written) == step::in_one_piece)
		written++;
	EXPECT_EQ(written, 63);
	EXPECT_EQ(ring->records(), 63);
	EXPECT_EQ(ring->losses().total(), 1);
	/* A loss is owed. */
	EXPECT(write_in_steps(*ring, 64, 0) == step::not_admitted);

	ref<perf_buffer> small = make_ring({.nr_pages = 1});

	REQUIRE(small);
	EXPECT(write_in_steps(*small, page_size, 0) == step::not_admitted);
	small->pause(true);
	EXPECT(write_in_steps(*small, 64, 0) == step::not_admitted);
	small->pause(false);
	(void)small->watch_stats();
	EXPECT(write_in_steps(*small, 64, 0) == step::not_admitted);
	EXPECT_EQ(small->losses().total(), 0);
}

CASE(ring_in_place, without_a_reservation_what_is_refused_is_told_before_the_next)
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

CASE(ring_in_place, on_storage_that_is_not_mirrored_nothing_is_begun)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	for (u32 i = 0; i < 3; i++)
		EXPECT(!write_whole(*ring, 64, i));
	ring->pause(true);
	EXPECT(!write_whole(*ring, 64, 3));
	EXPECT_EQ(ring->records() + ring->losses().total(), 0);
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

CASE(ring_gate, is_open_when_no_reason_is_left)
{
	gate one;

	one.set_largest(64);
	EXPECT(one.admits(64));
	EXPECT(!one.admits(72));
	one.close(gate::paused);
	one.close(gate::owes);
	one.close(gate::owes);
	EXPECT(!one.admits(8));
	one.open(gate::owes);
	EXPECT(one.closed(gate::paused));
	EXPECT(!one.closed(gate::owes));
	EXPECT(!one.admits(8));
	one.open(gate::owes);
	one.open(gate::paused);
	EXPECT(one.admits(64));
	EXPECT(!one.admits(72));
}

CASE(ring_discard, a_record_that_is_given_up_vanishes)
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

CASE(ring_discard, with_a_record_behind_it_a_loss_of_none_takes_its_place)
{
	for (bool backward : {false, true}) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 1, .backward = backward});

		REQUIRE(ring);

		ring_reader reader(*ring);
		const origin who(9, 16);

		{
			writer_section section;
			result<reservation> begun = ring->begin_discardable(96, who);

			REQUIRE(begun);

			reservation record = begun.take();

			record.put(u64{0xbad});
			EXPECT_EQ(write_sample(*ring, 64, 1), 0);
			record.discard(96, who);
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

CASE(ring_discard, a_loss_that_was_told_with_it_stays_told)
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

CASE(ring_stats, what_the_page_says_is_what_has_happened)
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
