// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the reader's half of the ring, on a ring in plain memory.
#include <algorithm>
#include <gtest/gtest.h>
#include <perfbuf/ring.hpp>
#include <perfbuf/snapshot.hpp>
#include <stdexcept>

#include "count_allocations.hpp"
#include "simulated_kernel.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::tests;

namespace
{

constexpr size_t ring_size = 4096;

bool same(std::span<const std::byte> a, std::span<const std::byte> b)
{
	return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::vector<std::byte> joined(const std::array<std::span<const std::byte>, 2> &pieces)
{
	std::vector<std::byte> all(pieces[0].begin(), pieces[0].end());
	all.insert(all.end(), pieces[1].begin(), pieces[1].end());
	return all;
}

} // namespace

TEST(Ring, AnEmptyRingGivesNoRecord)
{
	simulated_kernel kernel(ring_size);
	ring ring(kernel.page(), kernel.data());
	record found;
	EXPECT_EQ(ring.refresh(), 0u);
	EXPECT_EQ(ring.next(found), step::empty);
	EXPECT_TRUE(ring.consumed()[0].empty());
}

TEST(Ring, RecordsThatWrapAtAnyOffsetAreWhole)
{
	for (uint64_t start = 0; start < ring_size; start += 8)
		for (const size_t size : {8ul, 16ul, 24ul, 520ul, ring_size - 8}) {
			simulated_kernel kernel(ring_size, start);
			ring ring(kernel.page(), kernel.data());
			const auto written = numbered_record(start, size);
			ASSERT_TRUE(kernel.write(written));

			record found;
			ASSERT_EQ(ring.refresh(), size);
			ASSERT_EQ(ring.next(found), step::record)
				<< "at " << start << ", size " << size;
			ASSERT_TRUE(same(found.bytes(), written))
				<< "at " << start << ", size " << size;
			ASSERT_TRUE(same(joined(ring.consumed()), written));
			ASSERT_EQ(ring.next(found), step::empty);
			ring.release();
			ASSERT_EQ(kernel.tail(), start + size);
		}
}

TEST(Ring, PositionsMayWrapAt32And64Bits)
{
	for (const uint64_t start : {uint64_t{1} << 32, uint64_t{0}, uint64_t{1} << 63}) {
		simulated_kernel kernel(ring_size, start - 2048);
		ring ring(kernel.page(), kernel.data());
		for (uint64_t number = 0; number < 1000; number++) {
			const auto written = numbered_record(number, 8 + number % 40 * 8);
			ASSERT_TRUE(kernel.write(written));
			record found;
			ring.refresh();
			ASSERT_EQ(ring.next(found), step::record) << "position " << kernel.head();
			ASSERT_TRUE(same(found.bytes(), written));
			ring.release();
		}
		EXPECT_EQ(kernel.tail(), kernel.head());
	}
}

TEST(Ring, ReadingStopsAtThePositionThatRefreshTook)
{
	simulated_kernel kernel(ring_size);
	ring ring(kernel.page(), kernel.data());
	record found;
	ASSERT_TRUE(kernel.write(numbered_record(1, 32)));
	ring.refresh();
	ASSERT_TRUE(kernel.write(numbered_record(2, 32)));
	EXPECT_EQ(ring.next(found), step::record);
	EXPECT_EQ(ring.next(found), step::empty);
	ring.refresh();
	EXPECT_EQ(ring.next(found), step::record);
}

TEST(Ring, ReleaseGivesTheReadBytesBackToTheKernel)
{
	simulated_kernel kernel(ring_size);
	ring ring(kernel.page(), kernel.data());
	record found;
	ASSERT_TRUE(kernel.write(numbered_record(1, 32)));
	ASSERT_TRUE(kernel.write(numbered_record(2, 64)));
	ring.refresh();
	ASSERT_EQ(ring.next(found), step::record);
	EXPECT_EQ(kernel.tail(), 0u) << "before release() the record is still ours";
	ring.release();
	EXPECT_EQ(kernel.tail(), 32u);
	ASSERT_EQ(ring.next(found), step::record);
	EXPECT_TRUE(same(found.bytes(), numbered_record(2, 64)));
	ring.release();
	EXPECT_EQ(kernel.tail(), 96u);
}

TEST(Ring, AFullRingIsReadToItsEnd)
{
	simulated_kernel kernel(ring_size, 8 * 77);
	ring ring(kernel.page(), kernel.data());
	uint64_t written = 0;
	while (kernel.write(numbered_record(written, 56)))
		written++;
	ring.refresh();
	record found;
	for (uint64_t number = 0; number < written; number++) {
		ASSERT_EQ(ring.next(found), step::record);
		ASSERT_TRUE(same(found.bytes(), numbered_record(number, 56)));
	}
	EXPECT_EQ(ring.next(found), step::empty);
	EXPECT_EQ(joined(ring.consumed()).size(), written * 56);
}

TEST(Ring, ImpossibleSizesAreCorruptAndEnd)
{
	struct bad_size {
		uint16_t size;
		uint64_t available;
	};
	// Zero, less than a header, unaligned, beyond what was written.
	for (const auto &[size, available] : {bad_size{0, 64},
					      {4, 64},
					      {7, 64},
					      {12, 64},
					      {63, 64},
					      {72, 64},
					      {65535, 64},
					      {16, 8}}) {
		simulated_kernel kernel(ring_size, 4000);
		ring ring(kernel.page(), kernel.data());
		ASSERT_TRUE(kernel.write(numbered_record(1, 32)));
		kernel.write_header({PERF_RECORD_SAMPLE, 0, size}, available);
		ring.refresh();
		record found;
		EXPECT_EQ(ring.next(found), step::record) << "what stands before it is sound";
		for (int again = 0; again < 3; again++)
			EXPECT_EQ(ring.next(found), step::corrupt) << "size " << size;
		EXPECT_EQ(joined(ring.consumed()).size(), 32u);

		EXPECT_EQ(ring.skip_all(), available);
		EXPECT_EQ(kernel.tail(), kernel.head());
		ASSERT_TRUE(kernel.write(numbered_record(3, 40)));
		ring.refresh();
		ASSERT_EQ(ring.next(found), step::record);
		EXPECT_TRUE(same(found.bytes(), numbered_record(3, 40)));
	}
}

TEST(Ring, ARingWithImpossiblePositionsIsCorrupt)
{
	// A head behind the tail, further ahead than the ring is long, or off the grid.
	for (const int64_t distance : {-8l, -4096l, 4104l, 1l << 40, 4l}) {
		simulated_kernel kernel(ring_size, 1 << 20);
		ring ring(kernel.page(), kernel.data());
		kernel.page()->data_head += static_cast<uint64_t>(distance);
		ring.refresh();
		record found;
		EXPECT_EQ(ring.next(found), step::corrupt) << "distance " << distance;
		EXPECT_TRUE(joined(ring.consumed()).empty());
	}
}

TEST(Ring, ReadingARingAllocatesNoMemory)
{
	simulated_kernel kernel(ring_size, 4000);
	ring ring(kernel.page(), kernel.data());
	const auto written = numbered_record(1, 200);
	const uint64_t before = allocations();
	for (int round = 0; round < 100; round++) {
		kernel.write(written);
		ring.refresh();
		record found;
		while (ring.next(found) == step::record) {}
		ring.release();
	}
	EXPECT_EQ(allocations(), before);
}

TEST(Ring, EachGivesTheSameRecordsAsNext)
{
	for (uint64_t start = 0; start < ring_size; start += 8) {
		simulated_kernel kernel(ring_size, start);
		ring ring(kernel.page(), kernel.data());
		uint64_t written = 0;
		while (kernel.write(numbered_record(written, 8 + written % 40 * 8)))
			written++;
		ring.refresh();
		uint64_t number = 0;
		record found;
		// Some by steps, so that it begins anywhere in a run.
		for (; number < start / 8 % 7; number++)
			ASSERT_EQ(ring.next(found), step::record);
		EXPECT_EQ(ring.each([&](const record &record) {
			EXPECT_TRUE(
				same(record.bytes(), numbered_record(number, 8 + number % 40 * 8)))
				<< "record " << number << " from " << start;
			number++;
		}),
			  step::empty);
		ASSERT_EQ(number, written);
		EXPECT_EQ(joined(ring.consumed()).size(), kernel.head() - start);
		ring.release();
		EXPECT_EQ(kernel.tail(), kernel.head());
	}
}

TEST(Ring, EachEndsAtTheFirstImpossibleSize)
{
	// Zero, less than a header, unaligned, beyond what was written.
	for (const uint16_t size : std::initializer_list<uint16_t>{0, 4, 7, 12, 63, 72, 65535})
		for (const uint64_t start : {0ul, ring_size - 32, ring_size - 64}) {
			simulated_kernel kernel(ring_size, start);
			ring ring(kernel.page(), kernel.data());
			ASSERT_TRUE(kernel.write(numbered_record(1, 32)));
			kernel.write_header({PERF_RECORD_SAMPLE, 0, size}, 64);
			ring.refresh();
			for (unsigned expected : {1, 0, 0}) {
				unsigned seen = 0;
				EXPECT_EQ(ring.each([&](const record &) { seen++; }), step::corrupt)
					<< "size " << size;
				EXPECT_EQ(seen, expected);
			}
			EXPECT_EQ(joined(ring.consumed()).size(), 32u);
			EXPECT_EQ(ring.skip_all(), 64u);
		}
}

TEST(Ring, EachStopsAtThePositionThatRefreshTook)
{
	simulated_kernel kernel(ring_size);
	ring ring(kernel.page(), kernel.data());
	unsigned seen = 0;
	const auto count = [&](const record &) { seen++; };
	EXPECT_EQ(ring.each(count), step::empty);
	ASSERT_TRUE(kernel.write(numbered_record(1, 32)));
	ring.refresh();
	ASSERT_TRUE(kernel.write(numbered_record(2, 32)));
	EXPECT_EQ(ring.each(count), step::empty);
	EXPECT_EQ(seen, 1u);
	ring.refresh();
	EXPECT_EQ(ring.each(count), step::empty);
	EXPECT_EQ(seen, 2u);
}

TEST(Ring, RecordsThatAThrowInterruptsComeAgain)
{
	simulated_kernel kernel(ring_size);
	ring ring(kernel.page(), kernel.data());
	for (uint64_t number = 0; number < 3; number++)
		ASSERT_TRUE(kernel.write(numbered_record(number, 32)));
	ring.refresh();
	unsigned seen = 0;
	EXPECT_THROW(ring.each([&](const record &) {
		if (++seen == 2)
			throw std::runtime_error("the second");
	}),
		     std::runtime_error);
	EXPECT_EQ(ring.each([&](const record &) { seen++; }), step::empty);
	EXPECT_EQ(seen, 5u);
}

TEST(Snapshot, AWalkGoesFromTheNewestToTheOldestWholeRecord)
{
	for (uint64_t count = 0; count < 400; count++) {
		simulated_kernel kernel(ring_size);
		for (uint64_t number = 0; number < count; number++)
			kernel.write_backward(numbered_record(number, 8 + number % 9 * 8));
		snapshot snapshot(kernel.page(), kernel.data());
		record found;
		uint64_t expected = count;
		uint64_t bytes = 0;
		step outcome;
		while ((outcome = snapshot.next(found)) == step::record) {
			ASSERT_GT(expected, 0u);
			expected--;
			bytes += found.size();
			ASSERT_TRUE(same(found.bytes(),
					 numbered_record(expected, 8 + expected % 9 * 8)));
		}
		EXPECT_EQ(outcome, step::empty);
		EXPECT_TRUE(expected == 0 || bytes + 80 > ring_size)
			<< "of " << count << ", stopped at " << expected;
	}
}

TEST(Snapshot, ASnapshotWithAnImpossibleSizeIsCorrupt)
{
	simulated_kernel kernel(ring_size);
	kernel.write_backward(numbered_record(1, 32));
	kernel.page()->data_head -= 16; // a header of zeros
	snapshot snapshot(kernel.page(), kernel.data());
	record found;
	EXPECT_EQ(snapshot.next(found), step::corrupt);
	EXPECT_EQ(snapshot.next(found), step::empty);
}
