// SPDX-License-Identifier: GPL-2.0
/* Where the bytes lie: single pages, chunks of several, one chunk, one chunk mapped twice. */
#include "ring_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

struct layout {
	storage_kind kind;
	u32 page_order = 0;
};

constexpr layout layouts[] = {{storage_kind::pages},
			      {storage_kind::pages, 1},
			      {storage_kind::vmalloc},
			      {storage_kind::mirrored}};

/* Bytes in a row of storage of @pages pages whose chunks may have 2^@order. */
u64 in_a_row(u32 pages, u32 order) noexcept
{
	result<storage> made = storage::create(storage_kind::pages, pages, -1, order);

	if (!made)
		return 0;

	storage data = made.take();

	return data.size() == pages * page_size ? data.at(page_size - 8).bytes + page_size - 8 : 0;
}

/* Of the caller's: counted. */
class counted_memory final : public ring_memory
{
public:
	void *alloc(u32 order) noexcept override
	{
		void *made = fail_in_ && !--fail_in_ ? nullptr : pb_pages_alloc(-1, order);

		taken_ += made ? 1 : 0;
		return made;
	}
	void free(void *address, u32 order) noexcept override
	{
		taken_--;
		pb_pages_free(address, order);
	}

	s32 taken() const noexcept { return taken_; }
	void fail_in(u32 nth) noexcept { fail_in_ = nth; }

private:
	s32 taken_ = 0;
	u32 fail_in_ = 0;
};

/* The object, the user page and the statistics; the rest are chunks. */
constexpr s32 pieces_beside_the_data = 3;

} // namespace

CASE(ring_storage, every_kind_and_size_holds_whole_records_across_its_end)
{
	for (auto [kind, page_order] : layouts) {
		for (u32 pages : {1u, 2u, 4u, 16u}) {
			ref<perf_buffer> ring = make_ring(
				{.nr_pages = pages, .storage = kind, .page_order = page_order});

			REQUIRE(ring);

			ring_reader reader(*ring);
			seen found;
			u64 sequence = 0;
			u64 expected = 0;

			while (reader.head() < 3 * ring->size()) {
				REQUIRE(!write_sample(*ring, 24 + 8 * (sequence % 53), sequence));
				sequence++;
				while (reader.next(found)) {
					EXPECT(found.whole);
					EXPECT_EQ(found.sequence, expected++);
				}
				reader.release();
			}
			EXPECT_EQ(sequence, expected);
		}
	}
}

CASE(ring_storage, single_pages_become_vmalloc_where_the_architecture_needs_it)
{
	constexpr u32 pages = 4;
	result<storage> made = storage::create(storage_kind::pages, pages, -1);

	REQUIRE(made);

	storage data = made.take();
	const u64 in_a_row = data.at(0).bytes;

	EXPECT(data.kind() == (PB_USE_VMALLOC ? storage_kind::vmalloc : storage_kind::pages));
	EXPECT_EQ(in_a_row, PB_USE_VMALLOC ? pages * page_size : page_size);
}

CASE(ring_storage, pages_come_in_chunks_of_their_order)
{
	if (PB_USE_VMALLOC)
		return;
	EXPECT_EQ(in_a_row(16, 0), page_size);
	EXPECT_EQ(in_a_row(16, 1), 2 * page_size);
	EXPECT_EQ(in_a_row(16, 3), 8 * page_size);
	EXPECT_EQ(in_a_row(4, 3), 4 * page_size);
	EXPECT_EQ(in_a_row(1, 3), page_size);
}

CASE(ring_storage, chunks_are_smaller_where_there_are_no_large_ones)
{
	if (PB_USE_VMALLOC)
		return;
	pb_test_settle();

	const long before = pb_test_live_allocations();

	/* The list of chunks is the first allocation, and the third chunk the fourth. */
	for (u32 nth : {1u, 2u, 4u}) {
		pb_test_fail_allocation(nth);
		EXPECT_EQ(in_a_row(16, 2), 2 * page_size);
		pb_test_fail_allocation(0);
	}
	pb_test_settle();
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(ring_storage, every_kind_of_storage_holds_a_backward_ring)
{
	for (auto [kind, page_order] : layouts) {
		ref<perf_buffer> ring = make_ring({.nr_pages = 2,
						   .overwrite = true,
						   .backward = true,
						   .storage = kind,
						   .page_order = page_order});

		REQUIRE(ring);

		ring_reader reader(*ring);

		for (u32 i = 0; i < 300; i++) {
			REQUIRE(!write_sample(*ring, 24 + 8 * (i % 53), i));
			EXPECT(reader.at(reader.head()).whole);
			EXPECT_EQ(reader.at(reader.head()).sequence, i);
		}
	}
}

CASE(ring_storage, a_page_of_every_kind_has_its_own_frame)
{
	for (auto [kind, page_order] : layouts) {
		ref<perf_buffer> ring =
			make_ring({.nr_pages = 4, .storage = kind, .page_order = page_order});

		REQUIRE(ring);

		unsigned long frames[5];

		for (u32 i = 0; i <= 4; i++) {
			result<unsigned long> frame = ring->page_frame(i);

			REQUIRE(frame);
			frames[i] = frame.take();
			for (u32 other = 0; other < i; other++)
				EXPECT(frames[i] != frames[other]);
		}
		EXPECT_EQ(pb_test_frame_address(frames[0]), ring->user_page());
		EXPECT_EQ(ring->page_frame(5).error().code(), ENXIO);
		EXPECT_EQ(ring->page_frame(~u64{0}).error().code(), ENXIO);
	}
}

CASE(ring_storage, the_pages_of_a_new_ring_are_zero)
{
	for (auto [kind, page_order] : layouts) {
		ref<perf_buffer> ring =
			make_ring({.nr_pages = 2, .storage = kind, .page_order = page_order});

		REQUIRE(ring);

		ring_reader reader(*ring);
		u64 sum = 0;

		for (u64 at = 0; at < ring->size(); at += 8)
			sum |= reader.word(at);
		EXPECT_EQ(sum, 0);
	}
}

CASE(ring_storage, the_second_half_of_mirrored_storage_is_the_first)
{
	result<storage> made = storage::create(storage_kind::mirrored, 2, -1);

	REQUIRE(made);

	storage data = made.take();
	const storage::span last = data.at(data.size() - 8);

	EXPECT_EQ(last.bytes, data.size() + 8);
	*reinterpret_cast<u64 *>(last.address + 8) = 0x5555;
	EXPECT_EQ(*reinterpret_cast<u64 *>(data.at(0).address), 0x5555);
	*reinterpret_cast<u64 *>(data.at(16).address) = 0x6666;
	EXPECT_EQ(*reinterpret_cast<u64 *>(last.address + 24), 0x6666);
}

CASE(ring_storage, a_ring_of_2_to_the_31_pages_is_refused)
{
	for (auto [kind, page_order] : layouts) {
		result<ref<perf_buffer>> made = perf_buffer::create(
			{.nr_pages = 0x80000000u, .storage = kind, .page_order = page_order});

		EXPECT(!made);
		if (!made)
			EXPECT_EQ(made.error().code(), ENOMEM);
	}
}

CASE(ring_storage, a_failure_of_any_allocation_leaks_nothing)
{
	for (auto [kind, page_order] : layouts) {
		/* The case above tests a large chunk that fails. */
		if (page_order)
			continue;
		for (u32 pages : {0u, 1u, 8u}) {
			pb_test_settle();

			const long before = pb_test_live_allocations();
			u32 failed = 0;

			for (u32 nth = 1; nth < 64; nth++) {
				pb_test_fail_allocation(nth);

				result<ref<perf_buffer>> made =
					perf_buffer::create({.nr_pages = pages, .storage = kind});

				pb_test_fail_allocation(0);
				if (made)
					break;
				EXPECT_EQ(made.error().code(), ENOMEM);
				pb_test_settle();
				EXPECT_EQ(pb_test_live_allocations(), before);
				failed++;
			}
			/* The user page, the statistics and the ring itself at least. */
			EXPECT(failed >= 3);
			EXPECT(failed < 63);
			pb_test_settle();
			EXPECT_EQ(pb_test_live_allocations(), before);
		}
	}
}

CASE(ring_storage, a_ring_in_memory_of_the_callers_takes_all_from_it_and_gives_all_back)
{
	counted_memory memory;
	ref<perf_buffer> ring =
		make_ring({.nr_pages = 4, .overwrite = true, .page_order = 1, .memory = &memory});

	REQUIRE(ring);
	EXPECT_EQ(memory.taken(), pieces_beside_the_data + (PB_USE_VMALLOC ? 1 : 2));

	ring_reader reader(*ring);

	for (u32 i = 0; i < 1000; i++)
		REQUIRE(!write_sample(*ring, 24 + 8 * (i % 53), i));
	EXPECT_EQ(ring->published(), reader.head());
	ring.reset();
	pb_test_settle();
	EXPECT_EQ(memory.taken(), 0);
}

CASE(ring_storage, a_ring_that_nobody_uses_is_freed_at_once_by_its_last_reference)
{
	counted_memory memory;
	ref<perf_buffer> ring = make_ring({.nr_pages = 1, .memory = &memory});

	REQUIRE(ring);
	ring->get();
	ring->put_unused();
	EXPECT(memory.taken() > pieces_beside_the_data);
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	ring.release()->put_unused();
	EXPECT_EQ(memory.taken(), 0);
}

CASE(ring_storage, a_failure_of_the_callers_memory_leaks_nothing)
{
	counted_memory memory;
	u32 failed = 0;

	for (u32 nth = 1; nth < 16; nth++) {
		memory.fail_in(nth);

		result<ref<perf_buffer>> made =
			perf_buffer::create({.nr_pages = 2, .memory = &memory});

		memory.fail_in(0);
		if (made)
			break;
		EXPECT_EQ(made.error().code(), ENOMEM);
		EXPECT_EQ(memory.taken(), 0);
		failed++;
	}
	EXPECT_EQ(failed, static_cast<u32>(pieces_beside_the_data + (PB_USE_VMALLOC ? 1 : 2)));
	pb_test_settle();
	EXPECT_EQ(memory.taken(), 0);
}

CASE(ring_storage, a_failure_to_limit_the_latency_changes_nothing)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);
	pb_test_fail_allocation(1);
	EXPECT(!ring->set_wakeups(100000, true));
	pb_test_fail_allocation(0);
	EXPECT_EQ(write_sample(*ring, 64, 0), 0);
	EXPECT(ring->set_wakeups(100000, true));
}
