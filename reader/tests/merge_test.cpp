// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The order of records over many rings.
#include <gtest/gtest.h>
#include <perfbuf/merge.hpp>
#include <random>

using namespace perfbuf::reader;

namespace
{

struct stamped {
	perf_event_header header{PERF_RECORD_SAMPLE, 0, sizeof(stamped)};
	uint64_t time;
	uint64_t number;
};

record view(const stamped &of)
{
	return record(std::as_bytes(std::span(&of, 1)));
}

uint64_t number_of(const record &of)
{
	stamped copy;
	std::memcpy(&copy, of.bytes().data(), sizeof(copy));
	return copy.number;
}

} // namespace

TEST(Merge, records_of_many_rings_come_in_the_order_of_their_times)
{
	// Eight rings, whose records are not in order within a ring either: a nested writer takes
	// its time after the writer that it interrupts, and its place before it.
	std::mt19937_64 random(1);
	merge waiting;
	std::vector<uint64_t> seen;
	const auto keep = [&](const record &, uint64_t time, uint32_t) { seen.push_back(time); };
	uint64_t now = 1000;
	size_t most = 0;
	for (int round = 0; round < 200; round++, now += 100) {
		// Before the round, T = now: all that is stamped before it is read in this round.
		for (uint32_t ring = 0; ring < 8; ring++)
			for (int each = 0; each < 10; each++) {
				const stamped record{{PERF_RECORD_SAMPLE, 0, sizeof(stamped)},
						     now - 100 + random() % 150,
						     0};
				// A record later than T may come in the next round only.
				waiting.add(std::max(record.time, now - 100), view(record), ring);
			}
		most = std::max(most, waiting.records());
		waiting.flush(now, keep);
	}
	waiting.finish(keep);
	EXPECT_EQ(seen.size(), 200u * 80);
	EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
	EXPECT_LE(most, 2u * 80) << "no more than the rings held in two rounds";
	EXPECT_EQ(waiting.records(), 0u);
	EXPECT_EQ(waiting.bytes(), 0u);
}

TEST(Merge, records_of_one_time_keep_the_order_in_which_they_came)
{
	merge waiting;
	for (uint64_t number = 0; number < 100; number++) {
		const stamped record{{PERF_RECORD_SAMPLE, 0, sizeof(stamped)}, 7, number};
		waiting.add(7, view(record), static_cast<uint32_t>(number % 3));
	}
	uint64_t next = 0;
	waiting.flush(8, [&](const record &of, uint64_t, uint32_t tag) {
		EXPECT_EQ(number_of(of), next);
		EXPECT_EQ(tag, next % 3);
		next++;
	});
	EXPECT_EQ(next, 100u);
}

TEST(Merge, the_older_half_is_passed_on_and_the_rest_keeps_its_order)
{
	merge waiting;
	std::vector<uint64_t> times;
	const auto keep = [&](const record &, uint64_t time, uint32_t) { times.push_back(time); };
	waiting.flush_half(keep);
	EXPECT_TRUE(times.empty()) << "there was none";
	for (const uint64_t time : {50u, 20u, 40u, 10u, 30u})
		waiting.add(time, view({{PERF_RECORD_SAMPLE, 0, sizeof(stamped)}, time, 0}));
	const size_t before = waiting.memory();
	EXPECT_GT(before, waiting.bytes());
	waiting.flush_half(keep);
	EXPECT_EQ(times, (std::vector<uint64_t>{10, 20, 30}));
	EXPECT_LT(waiting.memory(), before);
	waiting.finish(keep);
	EXPECT_EQ(times, (std::vector<uint64_t>{10, 20, 30, 40, 50}));
	// All of one time, also the last that there is: it is half at least.
	for (const uint64_t time : {uint64_t{0}, uint64_t{7}, UINT64_MAX}) {
		for (int each = 0; each < 4; each++)
			waiting.add(time,
				    view({{PERF_RECORD_SAMPLE, 0, sizeof(stamped)}, time, 0}));
		waiting.flush_half(keep);
		EXPECT_EQ(waiting.records(), 0u) << time;
	}
}

TEST(Merge, a_record_at_the_limit_waits_and_its_bytes_stay_as_they_were)
{
	merge waiting;
	for (const uint64_t time : {9u, 10u, 11u}) {
		const stamped record{{PERF_RECORD_SAMPLE, 0, sizeof(stamped)}, time, time * 100};
		waiting.add(time, view(record));
	}
	std::vector<uint64_t> numbers;
	const auto keep = [&](const record &of, uint64_t, uint32_t) {
		numbers.push_back(number_of(of));
	};
	waiting.flush(10, keep);
	EXPECT_EQ(numbers, (std::vector<uint64_t>{900}));
	waiting.flush(11, keep);
	waiting.finish(keep);
	EXPECT_EQ(numbers, (std::vector<uint64_t>{900, 1000, 1100}));
	EXPECT_EQ(waiting.last_time(), 11u);
}
