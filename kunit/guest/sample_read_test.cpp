// SPDX-License-Identifier: GPL-2.0
/* PERF_SAMPLE_READ: samples that carry the counts of their event or of its group, as perf's do. */
#include <bit>
#include <map>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "support/event.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
constexpr uint64_t group_of_ids = PERF_FORMAT_GROUP | PERF_FORMAT_ID;

perf_event_attr counted_clock(uint64_t format)
{
	perf_event_attr attr = clock_attr();
	attr.sample_type |= PERF_SAMPLE_READ;
	attr.read_format = format;
	return attr;
}

perf_event_attr counted_faults(uint64_t format, uint64_t period = 1)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	attr.sample_period = period;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_PERIOD | PERF_SAMPLE_READ;
	attr.read_format = format;
	attr.disabled = 1;
	return attr;
}

/* The samples of @pages page faults of this thread. */
std::vector<sample> samples_of_faults(int fd, ring &buffer, const perf_event_attr &attr,
				      size_t pages)
{
	enable(fd);
	char *first = fault(pages);
	disable(fd);
	munmap(first, pages * page_size());
	return samples_in(buffer.drain(), attr);
}

/* The counts of a sample of a group, by id; without times. */
std::map<uint64_t, uint64_t> counts_of(const sample &sample)
{
	std::map<uint64_t, uint64_t> counts;
	for (size_t i = 0; i < sample.read->at(0); i++)
		counts[sample.read->at(2 + 2 * i)] = sample.read->at(1 + 2 * i);
	return counts;
}

class sample_read : public testing::TestWithParam<side>
{
};

TEST_P(sample_read, a_sample_has_the_words_that_read_format_names)
{
	for (uint64_t format = 0; format < PERF_FORMAT_MAX; format++) {
		const perf_event_attr attr = counted_clock(format);
		recorder r(GetParam(), attr);
		const std::vector<sample> samples = r.sample_until(3);
		const bool group = format & PERF_FORMAT_GROUP;
		/* Counts and times of the first samples may be 0: the clock stands still for some
		 * ticks. */
		for (const sample &sample : samples) {
			const std::vector<uint64_t> &words = *sample.read;
			size_t at = 1;
			if (group) {
				EXPECT_EQ(words.at(0), 1u);
			}
			at += std::popcount(format & times) + group;
			if (format & PERF_FORMAT_ID) {
				EXPECT_EQ(words.at(at++), event_id(r.fd.get()));
			}
			if (format & PERF_FORMAT_LOST) {
				EXPECT_EQ(words.at(at++), 0u);
			}
			EXPECT_EQ(at, words.size()) << "format " << format;
		}
	}
}

TEST_P(sample_read, the_counts_and_times_of_samples_grow_up_to_those_of_a_read)
{
	const perf_event_attr attr = counted_clock(times);
	recorder r(GetParam(), attr);
	const std::vector<sample> samples = r.sample_until(20);
	for (unsigned word = 0; word < 3; word++) {
		uint64_t before = 0;
		for (const sample &sample : samples) {
			EXPECT_GE(sample.read->at(word), before) << "word " << word;
			before = sample.read->at(word);
		}
		EXPECT_GT(before, samples.front().read->at(word)) << "word " << word;
		EXPECT_LE(before, read_value(r.fd.get(), word));
	}
}

TEST_P(sample_read, the_nth_occurrence_has_the_count_n)
{
	const perf_event_attr attr = counted_faults(PERF_FORMAT_ID);
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 64);
	const auto samples = samples_of_faults(fd.get(), buffer, attr, 100);
	ASSERT_GE(samples.size(), 100u);
	for (size_t i = 0; i < samples.size(); i++)
		EXPECT_EQ(*samples[i].read, (std::vector<uint64_t>{i + 1, event_id(fd.get())}));
	EXPECT_EQ(read_value(fd.get()), samples.size());
}

TEST_P(sample_read, a_count_of_samples_goes_on_after_a_disable)
{
	const perf_event_attr attr = counted_faults(times);
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 64);
	const auto first = samples_of_faults(fd.get(), buffer, attr, 50);
	munmap(fault(300), 300 * page_size());
	const auto second = samples_of_faults(fd.get(), buffer, attr, 50);
	ASSERT_FALSE(first.empty());
	ASSERT_FALSE(second.empty());
	EXPECT_EQ(second.front().read->at(0), first.back().read->at(0) + 1);
	for (unsigned word : {1, 2}) {
		EXPECT_GE(second.front().read->at(word), first.back().read->at(word));
		EXPECT_GE(read_value(fd.get(), word), second.back().read->at(word));
	}
}

TEST_P(sample_read, a_reset_sets_the_count_of_samples_to_zero)
{
	const perf_event_attr attr = counted_faults(0);
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 64);
	samples_of_faults(fd.get(), buffer, attr, 50);
	control(fd.get(), PERF_EVENT_IOC_RESET);
	const auto samples = samples_of_faults(fd.get(), buffer, attr, 50);
	ASSERT_FALSE(samples.empty());
	EXPECT_EQ(samples.front().read->at(0), 1u);
}

TEST_P(sample_read, the_counts_stand_before_the_callchain_and_the_other_fields)
{
	perf_event_attr attr = counted_clock(PERF_FORMAT_ID);
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_RAW;
	attr.sample_stack_user = 64;
	recorder r(GetParam(), attr);
	for (const sample &sample : r.sample_until(5)) {
		EXPECT_EQ(sample.read->at(1), event_id(r.fd.get()));
		EXPECT_FALSE(sample.callchain->empty());
		EXPECT_EQ(sample.stack->size(), 64u);
	}
}

TEST_P(sample_read, an_event_that_is_inherited_is_refused_or_needs_the_thread)
{
	/* Since 6.13 perf gives the counts of the thread, if TID names it. */
	perf_event_attr attr = counted_clock(0);
	attr.inherit = 1;
	attr.sample_type &= ~static_cast<uint64_t>(PERF_SAMPLE_TID);
	EXPECT_EQ(open_event(GetParam(), &attr), -EINVAL);
}

/* A leader and a sibling that count the same. */
TEST_P(sample_read, a_sample_of_the_leader_counts_its_siblings_too)
{
	const perf_event_attr attr = counted_faults(group_of_ids);
	unique_fd leader = must_open_pmu(GetParam(), attr);
	perf_event_attr counting = counted_faults(0, 0);
	counting.disabled = 0;
	unique_fd sibling = must_open_pmu(GetParam(), counting, target::sibling(leader.get()));
	ring buffer(leader.get(), 64);
	const auto samples = samples_of_faults(leader.get(), buffer, attr, 100);
	ASSERT_GE(samples.size(), 100u);
	const uint64_t first_id = event_id(leader.get()), second_id = event_id(sibling.get());
	auto before = counts_of(samples.at(10));
	for (size_t i = 0; i < samples.size(); i++) {
		const std::vector<uint64_t> &words = *samples[i].read;
		ASSERT_EQ(words.size(), 5u);
		EXPECT_EQ(words[0], 2u);
		EXPECT_EQ(words[1], i + 1);
		EXPECT_EQ(words[2], first_id);
		EXPECT_EQ(words[4], second_id);
		if (i <= 10)
			continue;
		auto now = counts_of(samples[i]);
		EXPECT_EQ(now[first_id] - before[first_id], 1u);
		EXPECT_EQ(now[second_id] - before[second_id], 1u);
		before = now;
	}
}

TEST_P(sample_read, a_sample_of_a_sibling_has_the_leader_first)
{
	const perf_event_attr attr = counted_faults(group_of_ids | times | PERF_FORMAT_LOST);
	unique_fd leader = must_open(GetParam(), counted_clock(0));
	unique_fd sibling = must_open_pmu(GetParam(), attr, target::sibling(leader.get()));
	ring buffer(sibling.get(), 64);
	enable(leader.get());
	uint64_t count = 0, first_clock = 0, clock = 0;
	/* The clock may stand still for some ticks. */
	EXPECT_TRUE(eventually([&] {
		for (const sample &sample : samples_of_faults(sibling.get(), buffer, attr, 10)) {
			const std::vector<uint64_t> &words = *sample.read;
			EXPECT_EQ(words.size(), 9u);
			EXPECT_EQ(words.at(0), 2u);
			EXPECT_GE(words.at(3), clock);
			clock = words.at(3);
			EXPECT_EQ(words.at(4), event_id(leader.get()));
			EXPECT_EQ(words.at(6), ++count);
			EXPECT_EQ(words.at(7), event_id(sibling.get()));
			if (!first_clock)
				first_clock = clock;
		}
		return clock > first_clock;
	}));
	EXPECT_LE(clock, read_value(leader.get()));
}

TEST_P(sample_read, samples_of_a_timer_count_the_page_faults_between)
{
	const perf_event_attr attr = counted_clock(group_of_ids);
	unique_fd leader = must_open(GetParam(), attr);
	perf_event_attr counting = counted_faults(0, 0);
	counting.disabled = 0;
	unique_fd sibling = must_open_pmu(GetParam(), counting, target::sibling(leader.get()));
	ring buffer(leader.get(), 64);
	enable(leader.get());
	const auto end = std::chrono::steady_clock::now() + patience;
	std::vector<record> records;
	while (count(records, PERF_RECORD_SAMPLE) < 20 && std::chrono::steady_clock::now() < end) {
		munmap(fault(50), 50 * page_size());
		buffer.drain(records);
	}
	disable(leader.get());
	const auto samples = samples_in(records, attr);
	ASSERT_GE(samples.size(), 20u);
	uint64_t before = 0;
	for (const sample &sample : samples) {
		const uint64_t faults = counts_of(sample)[event_id(sibling.get())];
		EXPECT_GE(faults, before);
		before = faults;
	}
	EXPECT_GT(before, 0u);
	EXPECT_LE(before, read_value(sibling.get()));
}

TEST_P(sample_read, a_sibling_that_is_closed_is_in_no_later_sample)
{
	const perf_event_attr attr = counted_faults(group_of_ids);
	unique_fd leader = must_open_pmu(GetParam(), attr);
	unique_fd first = must_open_pmu(GetParam(), attr, target::sibling(leader.get()));
	unique_fd second = must_open_pmu(GetParam(), attr, target::sibling(leader.get()));
	ring buffer(leader.get(), 64);
	EXPECT_EQ(samples_of_faults(leader.get(), buffer, attr, 10).at(0).read->at(0), 3u);
	first.reset();
	const auto samples = samples_of_faults(leader.get(), buffer, attr, 10);
	ASSERT_FALSE(samples.empty());
	EXPECT_EQ(samples[0].read->at(0), 2u);
	EXPECT_EQ(counts_of(samples[0]).count(event_id(second.get())), 1u);
}

TEST_P(sample_read, a_sibling_whose_leader_is_closed_has_its_own_count_alone)
{
	const perf_event_attr attr = counted_faults(group_of_ids);
	unique_fd leader = must_open_pmu(GetParam(), attr);
	unique_fd sibling = must_open_pmu(GetParam(), attr, target::sibling(leader.get()));
	ring buffer(sibling.get(), 64);
	leader.reset();
	const auto samples = samples_of_faults(sibling.get(), buffer, attr, 10);
	ASSERT_FALSE(samples.empty());
	EXPECT_EQ(*samples[0].read, (std::vector<uint64_t>{1, 1, event_id(sibling.get())}));
}

TEST_P(sample_read, the_largest_group_goes_into_a_sample_whole)
{
	const perf_event_attr attr = counted_clock(group_of_ids | PERF_FORMAT_LOST);
	unique_fd leader = must_open(GetParam(), attr);
	std::vector<unique_fd> siblings;
	const perf_event_attr counting = counted_faults(0, 0);
	while (siblings.size() < 127)
		siblings.push_back(
			must_open_pmu(GetParam(), counting, target::sibling(leader.get())));
	ring buffer(leader.get(), 64);
	enable(leader.get());
	std::vector<record> records;
	EXPECT_TRUE(eventually([&] {
		buffer.drain(records);
		return count(records, PERF_RECORD_SAMPLE) > 0;
	}));
	disable(leader.get());
	const auto samples = samples_in(records, attr);
	ASSERT_FALSE(samples.empty());
	ASSERT_EQ(samples[0].read->size(), 1u + 3 * 128);
	for (size_t i = 0; i < 127; i++)
		EXPECT_EQ(samples[0].read->at(1 + 3 * (i + 1) + 1), event_id(siblings[i].get()));
}

INSTANTIATE_TEST_SUITE_P(on, sample_read, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/*
 * Siblings come and go, and change, while their leader samples on another CPU. Ours alone: a sample
 * of perf's on 6.1 can say that it has three events where there is space for two, in one of four
 * runs of this test.
 */
TEST(sample_read_beside_changes, siblings_that_come_and_go_leave_every_sample_whole)
{
	const perf_event_attr attr = counted_clock(group_of_ids);
	perf_event_attr fast = attr;
	fast.sample_period = 20'000;
	spinner busy;
	const target of = target::thread(busy.tid());
	unique_fd leader = must_open(side::clock, fast, of);
	ring buffer(leader.get(), 64);
	enable(leader.get());
	std::vector<std::jthread> threads;
	for (int i = 0; i < 2; i++)
		threads.emplace_back([&, i](std::stop_token stop) {
			perf_event_attr counting = counted_faults(0, 0);
			counting.disabled = i;
			target sibling_of = of;
			sibling_of.group = leader.get();
			while (!stop.stop_requested()) {
				unique_fd fd = must_open_pmu(side::clock, counting, sibling_of);
				enable(fd.get());
				control(fd.get(), PERF_EVENT_IOC_RESET);
				disable(fd.get());
			}
		});
	std::vector<record> records;
	size_t samples = 0, with_siblings = 0;
	const bool enough = eventually([&] {
		records.clear();
		buffer.drain(records);
		for (const sample &sample : samples_in(records, attr)) {
			samples++;
			with_siblings += sample.read->at(0) > 1;
			EXPECT_LE(sample.read->at(0), 3u);
			EXPECT_EQ(sample.read->at(2), event_id(leader.get()));
		}
		return samples > 500 && with_siblings > 20;
	});
	threads.clear();
	EXPECT_TRUE(enough) << samples << " samples, " << with_siblings << " of more than one";
}

} /* namespace */
