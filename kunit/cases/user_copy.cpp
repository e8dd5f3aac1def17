// SPDX-License-Identifier: GPL-2.0
/* Copies from user memory: no fault is taken, and what cannot be read is zeros. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

/* Writes a record of a header, a sequence number and @bytes of user memory at @address. Returns how
 * many bytes could not be read. */
u32 write_user_copy(perf_buffer &ring, u64 address, u32 bytes) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin(16 + bytes, origin());

	if (!begun)
		return ~0u;

	reservation record = begun.take();

	record.put(perf_event_header{
		.type = PERF_RECORD_SAMPLE, .misc = 0, .size = static_cast<u16>(16 + bytes)});
	record.put(u64{0});

	const u32 unread = record.copy_from_user(address, bytes);

	record.commit();
	return unread;
}

} // namespace

CASE(ring_user_copy, bytes_of_a_mapped_user_page_are_copied)
{
	ref<perf_buffer> ring = make_ring();
	const u64 words[4] = {0x1111, 0x2222, 0x3333, 0x4444};

	REQUIRE(ring);

	const unsigned long address = pb_test_user_map(words, sizeof(words));

	REQUIRE(address);
	EXPECT_EQ(write_user_copy(*ring, address, 32), 0);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(ring_reader(*ring).word(16 + 8 * i), words[i]);
	pb_test_user_unmap();
}

CASE(ring_user_copy, bytes_of_an_unmapped_user_page_are_zeros_and_reported)
{
	ref<perf_buffer> ring = make_ring();
	const u64 words[2] = {0xaaaa, 0xbbbb};

	REQUIRE(ring);

	/* The ring has old records, so bytes that are not zeroed would be seen. */
	const u32 written = fill(*ring);
	ring_reader reader(*ring);

	EXPECT_EQ(written, 63);
	reader.drain();

	const unsigned long address = pb_test_user_map(words, sizeof(words));

	REQUIRE(address);

	const u64 at = reader.head() + 24; /* behind the PERF_RECORD_LOST of fill() */

	EXPECT_EQ(write_user_copy(*ring, address, 64), 48);
	EXPECT_EQ(reader.word(at + 16), words[0]);
	EXPECT_EQ(reader.word(at + 24), words[1]);
	for (u32 i = 2; i < 8; i++)
		EXPECT_EQ(reader.word(at + 16 + 8 * i), 0);
	pb_test_user_unmap();
}

CASE(ring_user_copy, a_copy_may_end_within_a_word)
{
	ref<perf_buffer> ring = make_ring();
	const char text[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

	REQUIRE(ring);

	const unsigned long address = pb_test_user_map(text, sizeof(text));

	REQUIRE(address);
	EXPECT_EQ(write_user_copy(*ring, address, 16), 5);
	EXPECT_EQ(ring_reader(*ring).word(16), 0x0807060504030201ULL);
	EXPECT_EQ(ring_reader(*ring).word(24), 0x0b0a09ULL);
	pb_test_user_unmap();
}

CASE(ring_user_copy, a_copy_crosses_the_end_of_the_ring)
{
	ref<perf_buffer> ring = make_ring();
	u64 words[8];

	REQUIRE(ring);
	for (u32 i = 0; i < 8; i++)
		words[i] = body_word(77, i);

	ring_reader reader(*ring);

	for (u32 i = 0; i < 63; i++)
		REQUIRE(!write_sample(*ring, 64, i));
	reader.drain();

	const unsigned long address = pb_test_user_map(words, sizeof(words));

	REQUIRE(address);
	EXPECT_EQ(write_user_copy(*ring, address, 64), 0);
	for (u32 i = 0; i < 8; i++)
		EXPECT_EQ(reader.word(63 * 64 + 16 + 8 * i), words[i]);
	pb_test_user_unmap();
}

CASE(ring_user_copy, an_address_outside_of_user_space_gives_zeros)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	EXPECT_EQ(write_user_copy(*ring, 0, 32), 32);
	EXPECT_EQ(write_user_copy(*ring, 0xffff888000000000ULL, 32), 32);
	EXPECT_EQ(write_user_copy(*ring, ~u64{15}, 32), 32);
	EXPECT_EQ(ring->records(), 3);
}
