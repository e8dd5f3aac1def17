// SPDX-License-Identifier: GPL-2.0
/* Writing: what a record is, where it goes, when it is seen, and how the stream wraps. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

CASE(ring_write, a_new_ring_is_empty_and_describes_itself)
{
	ref<perf_buffer> ring = make_ring(4);

	REQUIRE(ring);

	const perf_event_mmap_page *page = ring->user_page();

	EXPECT_EQ(page->version, 0);
	EXPECT_EQ(page->compat_version, 0);
	EXPECT_EQ(page->cap_bit0, 0);
	EXPECT_EQ(page->cap_bit0_is_deprecated, 1);
	EXPECT_EQ(page->size, offsetof(perf_event_mmap_page, __reserved));
	EXPECT_EQ(page->data_head, 0);
	EXPECT_EQ(page->data_tail, 0);
	EXPECT_EQ(page->data_offset, page_size);
	EXPECT_EQ(page->data_size, 4 * page_size);
	EXPECT_EQ(page->aux_offset, 0);
	EXPECT_EQ(page->aux_size, 0);
	EXPECT_EQ(ring->size(), 4 * page_size);
	EXPECT_EQ(ring->nr_pages(), 4);
	EXPECT_EQ(ring->records(), 0);
	EXPECT_EQ(ring->losses().total(), 0);
	EXPECT(!ring->readable());
	EXPECT(!ring->paused());
}

CASE(ring_write, a_ring_without_pages_stays_paused)
{
	ref<perf_buffer> ring = make_ring(0);

	REQUIRE(ring);
	EXPECT_EQ(ring->size(), 0);
	EXPECT(ring->paused());
	ring->pause(false);
	EXPECT(ring->paused());
	EXPECT_EQ(write_sample(*ring, 64, 0), EAGAIN);
	EXPECT_EQ(ring->losses().total(), 0);
	EXPECT(!ring->readable());
	EXPECT_EQ(ring->user_page()->data_size, 0);
}

CASE(ring_write, sizes_that_are_no_power_of_two_are_refused)
{
	for (u32 pages : {3u, 5u, 6u, 7u, 12u, 0x7fffffffu, 0x80000001u, 0xffffffffu}) {
		result<ref<perf_buffer>> made = perf_buffer::create({.nr_pages = pages});

		EXPECT(!made);
		if (!made)
			EXPECT_EQ(made.error().code(), EINVAL);
	}
}

CASE(ring_write, a_record_is_invisible_until_commit)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	writer_section section;
	result<reservation> begun = ring->begin(64, origin());

	REQUIRE(begun);

	reservation record = begun.take();

	EXPECT_EQ(reader.head(), 0);
	fill_sample(record, 64, 1);
	EXPECT_EQ(reader.head(), 0);
	record.commit();
	EXPECT_EQ(reader.head(), 64);
}

CASE(ring_write, a_record_is_whole_after_commit)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	EXPECT_EQ(write_sample(*ring, 72, 41), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.type, PERF_RECORD_SAMPLE);
	EXPECT_EQ(found.bytes, 72);
	EXPECT_EQ(found.sequence, 41);
	EXPECT(found.whole);
	EXPECT(!reader.next(found));
	EXPECT_EQ(ring->records(), 1);
}

CASE(ring_write, records_follow_each_other_through_many_rounds)
{
	ref<perf_buffer> ring = make_ring(2);

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 written = 0;
	u64 read = 0;

	/* Sizes that have no common measure with the ring: every place of the wrap is met. */
	for (u64 round = 0; round < 2000; round++) {
		const u32 bytes = 24 + 8 * static_cast<u32>(round % 37);
		seen found;

		if (!EXPECT_EQ(write_sample(*ring, bytes, written), 0))
			return;
		written++;
		if (round % 3 == 2) {
			while (reader.next(found)) {
				if (!EXPECT(found.whole) || !EXPECT_EQ(found.sequence, read))
					return;
				read++;
			}
			reader.release();
			EXPECT_EQ(read, written);
		}
	}
	EXPECT_EQ(ring->records(), written);
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_write, a_record_of_the_ring_less_8_fits)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	const u32 bytes = static_cast<u32>(ring->size()) - 8;
	seen found;

	EXPECT_EQ(write_sample(*ring, bytes, 3), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.bytes, bytes);
	EXPECT(found.whole);
	EXPECT_EQ(write_sample(*ring, 8 + 8, 4), ENOSPC);
	reader.release();
	EXPECT_EQ(write_sample(*ring, 16, 5), 0);
}

CASE(ring_write, a_record_of_the_ring_is_too_big)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()), 3), E2BIG);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), 1);
	EXPECT_EQ(ring->user_page()->data_head, 0);
}

CASE(ring_write, a_record_of_the_ring_and_8_is_too_big)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(write_sample(*ring, static_cast<u32>(ring->size()) + 8, 3), E2BIG);
	EXPECT_EQ(ring->losses().read(loss_cause::too_big), 1);
	EXPECT_EQ(write_sample(*ring, 64, 4), 0);
}

CASE(ring_write, the_largest_record_is_what_a_header_can_say)
{
	ref<perf_buffer> ring = make_ring(32);

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	EXPECT_EQ(write_sample(*ring, record_size_max, 1), 0);
	REQUIRE(reader.next(found));
	EXPECT_EQ(found.bytes, 65528);
	EXPECT(found.whole);
	EXPECT_EQ(write_sample(*ring, record_size_max + 8, 2), E2BIG);
	EXPECT_EQ(write_sample(*ring, 0x80000000, 3), E2BIG);
}

CASE(ring_write, the_stream_wraps_at_2_to_the_32)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .start = 0xffffff00ULL});

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	EXPECT_EQ(reader.head(), 0xffffff00ULL);
	for (u64 i = 0; i < 200; i++) {
		REQUIRE(!write_sample(*ring, 64, i));
		REQUIRE(reader.next(found));
		EXPECT_EQ(found.sequence, i);
		EXPECT(found.whole);
		reader.release();
	}
	EXPECT_EQ(reader.head(), 0xffffff00ULL + 200 * 64);
}

CASE(ring_write, the_stream_wraps_at_2_to_the_64)
{
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .start = 0 - u64{4096}});

	REQUIRE(ring);

	attached_sleeper sleeper(*ring);
	ring_reader reader(*ring);
	seen found;
	u32 woken = 0;

	EXPECT_EQ(fill(*ring), 63);
	EXPECT(sleeper.woken() >= 1);
	for (u32 i = 0; i < 63; i++) {
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
	}
	EXPECT(!reader.next(found));
	reader.release();
	for (u64 i = 0; i < 400; i++) {
		REQUIRE(!write_sample(*ring, 64, i));
		reader.drain();
		woken += sleeper.woken();
	}
	/* Half the ring is 32 records. */
	EXPECT(woken >= 11 && woken <= 14);
	EXPECT(reader.head() < 400 * 64 + 24);
}

CASE(ring_write, a_record_may_be_filled_in_any_pieces)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 words[6];
	seen found;

	const perf_event_header header = {.type = PERF_RECORD_SAMPLE, .misc = 0, .size = 48};

	words[0] = __builtin_bit_cast(u64, header);
	words[1] = 9;
	for (u32 i = 2; i < 6; i++)
		words[i] = body_word(9, i * 8);

	/* Every split in three, and every place of the ring's end. */
	for (u32 a = 0; a <= 48; a++) {
		writer_section section;
		result<reservation> begun = ring->begin(48, origin());

		REQUIRE(begun);

		reservation record = begun.take();
		const char *from = reinterpret_cast<const char *>(words);
		const u32 b = (48 - a) / 2;

		record.copy(from, a);
		record.copy(from + a, b);
		record.copy(from + a + b, 48 - a - b);
		record.commit();
		REQUIRE(reader.next(found));
		EXPECT(found.whole);
		reader.release();
	}
}

CASE(ring_write, a_skip_leaves_the_bytes_of_the_ring_as_they_were)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	writer_section section;
	result<reservation> begun = ring->begin(32, origin());

	REQUIRE(begun);

	reservation record = begun.take();

	record.put(u64{1});
	record.skip(16);
	record.put(u64{2});
	record.commit();
	EXPECT_EQ(reader.word(0), 1);
	EXPECT_EQ(reader.word(8), 0);
	EXPECT_EQ(reader.word(16), 0);
	EXPECT_EQ(reader.word(24), 2);
}

CASE(ring_write, a_moved_reservation_commits_the_record_once)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	writer_section section;
	result<reservation> begun = ring->begin(32, origin());

	REQUIRE(begun);

	reservation first = begun.take();

	first.put(perf_event_header{.type = PERF_RECORD_SAMPLE, .misc = 0, .size = 32});

	reservation second = std::move(first);

	second.put(u64{5});
	second.put(body_word(5, 16));
	second.put(body_word(5, 24));
	EXPECT_EQ(&second.ring(), ring.get());
	second.commit();
	EXPECT(reader.at(0).whole);
}

CASE(ring_write, data_head_is_never_read_back)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	ring->user_page()->data_head = 0x123456789abcdef1ULL;
	EXPECT_EQ(write_sample(*ring, 64, 1), 0);
	EXPECT_EQ(ring->user_page()->data_head, 128);
}
