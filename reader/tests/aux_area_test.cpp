// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The reader's half of an AUX area, on memory that plays the kernel's part.
#include <array>
#include <gtest/gtest.h>
#include <perfbuf/aux_area.hpp>
#include <vector>

using namespace perfbuf::reader;

namespace
{

class AuxArea : public testing::Test
{
protected:
	static constexpr uint64_t size = 64;

	aux_area area() { return {&page, bytes}; }

	// The next bytes of a stream that counts, as far as they would go.
	void produce(uint64_t count)
	{
		for (; count; count--, page.aux_head++)
			bytes[page.aux_head % size] = static_cast<std::byte>(page.aux_head);
	}

	static std::vector<std::byte> joined(const aux_area &of)
	{
		std::vector<std::byte> all;
		for (const auto &piece : of.unread())
			all.insert(all.end(), piece.begin(), piece.end());
		return all;
	}

	static std::vector<std::byte> stream(uint64_t from, uint64_t to)
	{
		std::vector<std::byte> all;
		for (; from != to; from++)
			all.push_back(static_cast<std::byte>(from));
		return all;
	}

	perf_event_mmap_page page{};
	std::array<std::byte, size> bytes{};
};

} // namespace

TEST_F(AuxArea, BytesComeInOrderWhereverTheyWrap)
{
	auto from = area();
	uint64_t read = 0;
	for (uint64_t count : {0, 1, 63, 64, 7, 64, 30, 50}) {
		produce(count);
		ASSERT_EQ(from.refresh(), count);
		EXPECT_EQ(from.position(), read);
		EXPECT_EQ(joined(from), stream(read, read + count));
		EXPECT_EQ(page.aux_tail, read) << "nothing is given back before release()";
		from.release();
		read += count;
		EXPECT_EQ(page.aux_tail, read);
	}
}

TEST_F(AuxArea, BytesThatComeAfterRefreshWaitForTheNext)
{
	auto from = area();
	produce(8);
	ASSERT_EQ(from.refresh(), 8u);
	produce(8);
	EXPECT_EQ(joined(from).size(), 8u);
	from.release();
	EXPECT_EQ(page.aux_tail, 8u);
	EXPECT_EQ(from.refresh(), 8u);
}

TEST_F(AuxArea, PositionsWrapAtTheEndOfNumbers)
{
	page.aux_head = page.aux_tail = UINT64_MAX - 10;
	auto from = area();
	produce(32);
	ASSERT_EQ(from.refresh(), 32u);
	EXPECT_EQ(joined(from), stream(UINT64_MAX - 10, 21));
	from.release();
	EXPECT_EQ(page.aux_tail, 21u);
}

TEST_F(AuxArea, AReaderBeginsAtThePositionOfTheStream)
{
	page.aux_head = 1000;
	page.aux_tail = 990; // another reader's
	auto from = area();
	EXPECT_EQ(from.refresh(), 10u);
	page.aux_tail = 0; // makes no sense: the area is shorter
	auto anew = area();
	EXPECT_EQ(anew.refresh(), 0u);
	EXPECT_EQ(anew.position(), 1000u);
	EXPECT_EQ(page.aux_tail, 1000u) << "and the kernel has space";
}

TEST_F(AuxArea, ImpossiblePositionsAreReportedAndNeverRead)
{
	for (const uint64_t head : {uint64_t{65}, uint64_t{1} << 40, UINT64_MAX}) {
		page.aux_head = page.aux_tail = 0;
		auto from = area();
		page.aux_head = head;
		EXPECT_FALSE(from.refresh());
		EXPECT_TRUE(joined(from).empty());
		EXPECT_EQ(from.skip_all(), head);
		EXPECT_EQ(page.aux_tail, head);
		EXPECT_EQ(from.refresh(), 0u);
	}
}

TEST_F(AuxArea, AMovedAreaKeepsItsPosition)
{
	auto from = area();
	produce(10);
	(void)from.refresh();
	auto moved = std::move(from);
	EXPECT_EQ(joined(moved), stream(0, 10));
	auto other = area();
	other = std::move(moved);
	other.release();
	EXPECT_EQ(page.aux_tail, 10u);
}
