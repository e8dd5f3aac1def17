// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Maps, forks and ends of processes that a recording makes up are held in bounded memory.
#include <gtest/gtest.h>
#include <malloc.h>
#include <random>
#include <vector>

#include "analysis/machine.hpp"
#include "perfdata_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

void put(analysis::machine &to, const perfdata::bytes &record)
{
	static const reader::decoder plain{perf_event_attr{}};
	to.add(reader::record(record.view()), plain);
}

void put_map(analysis::machine &to, uint32_t pid, uint64_t start)
{
	perfdata::bytes record;
	perfdata::synthesizer(record, 0).map(pid, {start, 0x1000, 0, 8, 1, 4711, 5, 2, "/file"});
	put(to, record);
}

void put_task(analysis::machine &to, uint32_t type, uint32_t pid, uint32_t parent)
{
	perfdata::bytes record;
	record.put(perf_event_header{type, 0, 8 + 24});
	for (const uint32_t each : {pid, parent, pid, parent, 0u, 0u})
		record.put(each);
	put(to, record);
}

} // namespace

// Of each a copy would be 60,000 maps: all of them, 60 million.
TEST(HostileTasks, forks_of_a_process_with_many_maps_that_map_a_file_each_share_the_others)
{
	constexpr uint32_t count = 60'000;
	analysis::machine of;
	for (uint64_t number = 1; number <= count; number++)
		put_map(of, 7, number << 20);
	for (uint32_t child = 100; child < 1100; child++) {
		put_task(of, PERF_RECORD_FORK, child, 7);
		put_map(of, child, 0x1000);
	}
	for (uint32_t child = 100; child < 1100; child++) {
		ASSERT_NE(of.find(child, 0x1000), nullptr) << child;
		for (const uint64_t number : {uint64_t{1}, uint64_t{count / 2}, uint64_t{count}})
			ASSERT_NE(of.find(child, number << 20), nullptr) << child;
	}
	EXPECT_EQ(of.find(7, 0x1000), nullptr);
	EXPECT_FALSE(of.left_out().maps);
}

TEST(HostileTasks, maps_of_one_process_beyond_four_million_are_left_out)
{
	constexpr uint64_t most = uint64_t{1} << 22;
	analysis::machine of;
	for (uint64_t number = 1; number <= most; number++)
		put_map(of, 7, number << 20);
	EXPECT_FALSE(of.left_out().maps);
	EXPECT_NE(of.find(7, most << 20), nullptr);
	put_map(of, 7, (most + 1) << 20);
	EXPECT_TRUE(of.left_out().maps);
	EXPECT_EQ(of.find(7, (most + 1) << 20), nullptr);
	EXPECT_NE(of.find(7, 1 << 20), nullptr);
	// Processes that have ended make space for others.
	put_task(of, PERF_RECORD_EXIT, 7, 1);
	put_map(of, 8, 0x1000);
	EXPECT_NE(of.find(8, 0x1000), nullptr);
}

TEST(HostileTasks, processes_that_only_end_take_no_memory)
{
	analysis::machine of;
	const size_t before = ::mallinfo2().uordblks;
	for (uint32_t pid = 1; pid < 100'000; pid++)
		put_task(of, PERF_RECORD_EXIT, pid, 1);
	EXPECT_LT(::mallinfo2().uordblks - before, 100'000u);
}

// As a list of maps that is searched from its beginning has them.
TEST(HostileTasks, maps_at_random_cover_what_was_there_before_them)
{
	std::mt19937_64 random(5);
	analysis::machine of;
	std::vector<std::pair<uint64_t, uint64_t>> maps; // start and length, in pages
	const auto expect_same = [&](uint32_t pid, size_t count) {
		for (uint64_t page = 0; page < 300; page++) {
			const auto *found = of.find(pid, page << 12);
			size_t at = count;
			while (at > 0 && !(maps[at - 1].first <= page &&
					   page < maps[at - 1].first + maps[at - 1].second))
				at--;
			ASSERT_EQ(found != nullptr, at > 0) << page;
			if (!found)
				continue;
			ASSERT_EQ((page << 12) - found->start + found->offset,
				  ((page - maps[at - 1].first) << 12) + (at << 20));
		}
	};
	const auto put_random = [&] {
		const uint64_t start = random() % 250;
		const uint64_t length = 1 + random() % (random() % 8 ? 5 : 100);
		maps.emplace_back(start, length);
		perfdata::bytes record;
		perfdata::synthesizer(record, 0).map(
			7, {start << 12, length << 12, maps.size() << 20, 8, 1, 1, 5, 2, "/file"});
		put(of, record);
	};
	for (int round = 0; round < 20; round++) {
		for (int each = 0; each < 20; each++)
			put_random();
		expect_same(7, maps.size());
		// A child has what its parent had then.
		const size_t then = maps.size();
		put_task(of, PERF_RECORD_FORK, 8, 7);
		for (int each = 0; each < 5; each++)
			put_random();
		expect_same(8, then);
		expect_same(7, maps.size());
	}
}
