// SPDX-License-Identifier: GPL-2.0
/* Groups: a leader and its siblings, as group_fd of perf_event_open(2) makes them. docs/groups.md
 */
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t whole_group = PERF_FORMAT_GROUP | PERF_FORMAT_ID;

perf_event_attr counting(uint64_t format = 0)
{
	perf_event_attr attr = clock_attr();
	attr.read_format = format;
	return attr;
}

void be_busy(std::chrono::milliseconds time)
{
	const auto end = std::chrono::steady_clock::now() + time;
	while (std::chrono::steady_clock::now() < end)
		;
}

/* Whether it counts while this thread is busy; perf's clock may stand still for some ticks. */
bool counts(int fd)
{
	const uint64_t before = read_value(fd);
	const auto end = std::chrono::steady_clock::now() + patience;
	while (read_value(fd) == before && std::chrono::steady_clock::now() < end)
		;
	return read_value(fd) > before;
}

/* Whether it does not. */
bool stands_still(int fd)
{
	const uint64_t before = read_value(fd);
	be_busy(std::chrono::milliseconds(20));
	return read_value(fd) == before;
}

/* The ids and values of a read of a group. */
struct group_reading {
	std::vector<uint64_t> values, ids;
};

group_reading read_group(int fd)
{
	std::array<uint64_t, 1 + 2 * 130> words = {};
	const ssize_t length = read(fd, words.data(), sizeof(words));
	group_reading got;
	if (length < 8) {
		ADD_FAILURE() << "read: " << length;
		return got;
	}
	EXPECT_EQ(static_cast<size_t>(length), 8 * (1 + 2 * words[0]));
	for (uint64_t i = 0; i < words[0]; i++) {
		got.values.push_back(words[1 + 2 * i]);
		got.ids.push_back(words[2 + 2 * i]);
	}
	return got;
}

class group : public testing::TestWithParam<side>
{
protected:
	unique_fd open_leader(uint64_t format = 0)
	{
		return must_open(GetParam(), counting(format));
	}
	/* It is enabled, as far as its leader lets it. */
	unique_fd open_sibling(const unique_fd &leader, uint64_t format = 0, bool disabled = false)
	{
		perf_event_attr attr = counting(format);
		attr.disabled = disabled;
		return must_open(GetParam(), attr, target::sibling(leader.get()));
	}
};

TEST_P(group, a_read_gives_the_values_of_all_in_the_order_of_opening)
{
	unique_fd leader = open_leader(whole_group);
	unique_fd first = open_sibling(leader, whole_group), second = open_sibling(leader);
	enable(leader.get());
	EXPECT_TRUE(counts(second.get()));
	disable(leader.get());
	const std::vector<uint64_t> ids = {event_id(leader.get()), event_id(first.get()),
					   event_id(second.get())};
	const group_reading of_leader = read_group(leader.get()),
			    of_sibling = read_group(first.get());
	EXPECT_EQ(of_leader.ids, ids);
	EXPECT_EQ(of_sibling.ids, ids);
	EXPECT_EQ(of_leader.values, of_sibling.values);
	for (uint64_t value : of_leader.values)
		EXPECT_GT(value, 0u);
	EXPECT_EQ(read_value(second.get()), of_leader.values.at(2));
}

TEST_P(group, a_read_with_times_gives_them_once)
{
	constexpr uint64_t format =
		PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	unique_fd leader = open_leader(format), sibling = open_sibling(leader);
	enable(leader.get());
	EXPECT_TRUE(counts(sibling.get()));
	disable(leader.get());
	std::array<uint64_t, 16> words = {};
	ASSERT_EQ(read(leader.get(), words.data(), sizeof(words)), 5 * 8);
	EXPECT_EQ(words[0], 2u);
	EXPECT_GT(words[1], 0u);
	EXPECT_GT(words[2], 0u);
	EXPECT_EQ(words[4], read_value(sibling.get()));
}

TEST_P(group, a_read_with_too_little_space_is_enospc)
{
	unique_fd leader = open_leader(whole_group), sibling = open_sibling(leader);
	std::array<uint64_t, 4> words = {};
	EXPECT_EQ(read(leader.get(), words.data(), sizeof(words)), -1);
	EXPECT_EQ(errno, ENOSPC);
}

TEST_P(group, a_sibling_counts_only_while_its_leader_is_enabled)
{
	unique_fd leader = open_leader(), sibling = open_sibling(leader);
	EXPECT_TRUE(stands_still(sibling.get()));
	enable(sibling.get());
	EXPECT_TRUE(stands_still(sibling.get()));
	enable(leader.get());
	EXPECT_TRUE(counts(sibling.get()));
	disable(leader.get());
	EXPECT_TRUE(stands_still(sibling.get()));
	enable(leader.get());
	EXPECT_TRUE(counts(sibling.get()));
}

TEST_P(group, a_disabled_sibling_does_not_start_with_its_leader)
{
	unique_fd leader = open_leader(), sibling = open_sibling(leader, 0, true);
	enable(leader.get());
	EXPECT_TRUE(stands_still(sibling.get()));
	enable(sibling.get());
	EXPECT_TRUE(counts(sibling.get()));
	disable(sibling.get());
	EXPECT_TRUE(stands_still(sibling.get()));
	EXPECT_TRUE(counts(leader.get()));
}

TEST_P(group, a_request_with_the_flag_is_for_all)
{
	unique_fd leader = open_leader(), sibling = open_sibling(leader, 0, true);
	control(sibling.get(), PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	EXPECT_TRUE(counts(leader.get()));
	EXPECT_TRUE(counts(sibling.get()));
	control(leader.get(), PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	EXPECT_TRUE(stands_still(sibling.get()));
	EXPECT_GT(read_value(sibling.get()), 0u);
	control(leader.get(), PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
	EXPECT_EQ(read_value(leader.get()), 0u);
	EXPECT_EQ(read_value(sibling.get()), 0u);
	/* All were disabled, not only stopped. */
	enable(leader.get());
	EXPECT_TRUE(stands_still(sibling.get()));
}

TEST_P(group, siblings_go_on_alone_when_their_leader_is_closed)
{
	unique_fd leader = open_leader();
	unique_fd sibling = open_sibling(leader, whole_group), off = open_sibling(leader, 0, true);
	leader.reset();
	EXPECT_TRUE(eventually([&] { return read_group(sibling.get()).values.at(0) > 0; }));
	EXPECT_EQ(read_group(sibling.get()).ids, std::vector<uint64_t>{event_id(sibling.get())});
	EXPECT_TRUE(stands_still(off.get()));
	control(sibling.get(), PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	const uint64_t stopped = read_group(sibling.get()).values.at(0);
	be_busy(std::chrono::milliseconds(5));
	EXPECT_EQ(read_group(sibling.get()).values.at(0), stopped);
}

TEST_P(group, a_sibling_that_is_closed_leaves_its_group)
{
	unique_fd leader = open_leader(whole_group);
	unique_fd first = open_sibling(leader), second = open_sibling(leader);
	first.reset();
	EXPECT_EQ(read_group(leader.get()).ids,
		  (std::vector<uint64_t>{event_id(leader.get()), event_id(second.get())}));
	unique_fd third = open_sibling(leader);
	EXPECT_EQ(read_group(leader.get()).ids.size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(on, group, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* A leader that waits for the exec of a child, and a sibling that is opened enabled. */
class group_of_an_exec : public group
{
protected:
	void execute()
	{
		opened_.open();
		EXPECT_TRUE(eventually([&] { return read_group(leader_.get()).values.at(0) > 0; }));
	}

	gate opened_;
	child process_{[&] {
		opened_.wait();
		execl("/proc/self/exe", "test", spin_argument, nullptr);
		return 1;
	}};
	unique_fd leader_ = [&] {
		perf_event_attr attr = counting(whole_group);
		attr.enable_on_exec = 1;
		return must_open(GetParam(), attr, target::thread(process_.pid()));
	}();
	unique_fd sibling_ = [&] {
		perf_event_attr attr = counting();
		attr.disabled = 0;
		target of = target::thread(process_.pid());
		of.group = leader_.get();
		return must_open(GetParam(), attr, of);
	}();
};

TEST_P(group_of_an_exec, an_exec_that_enables_the_leader_enables_its_siblings)
{
	EXPECT_EQ(read_value(sibling_.get()), 0u);
	execute();
	EXPECT_TRUE(eventually([&] { return read_value(sibling_.get()) > 0; }));
}

TEST_P(group_of_an_exec, a_sibling_that_was_disabled_stays_off_at_the_exec)
{
	disable(sibling_.get());
	execute();
	be_busy(std::chrono::milliseconds(20));
	EXPECT_EQ(read_value(sibling_.get()), 0u);
}

INSTANTIATE_TEST_SUITE_P(on, group_of_an_exec, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* perf writes no count of a software event into the page. */
TEST(group_page, disabling_the_leader_updates_the_user_page_of_a_sibling)
{
	perf_event_attr attr = counting();
	unique_fd leader = must_open(side::clock, attr);
	attr.disabled = 0;
	unique_fd sibling = must_open(side::clock, attr, target::sibling(leader.get()));
	mapping ring(sibling.get(), 1);
	enable(leader.get());
	EXPECT_TRUE(counts(sibling.get()));
	disable(leader.get());
	const auto *page = ring.page();
	EXPECT_GT(page->offset, 0);
	EXPECT_EQ(static_cast<uint64_t>(page->offset), read_value(sibling.get()));
}

/* Events that cannot be a sibling of a group. */
struct misfit {
	const char *name;
	void (*change)(perf_event_attr &, target &);
	answers perf;
	answers own = {};
};

void PrintTo(const misfit &row, std::ostream *out)
{
	print_row(row, out);
}

class group_misfit : public testing::TestWithParam<misfit>
{
};

TEST_P(group_misfit, an_event_that_does_not_fit_is_refused_as_by_perf)
{
	const misfit &row = GetParam();
	check_both({row.perf, row.own, "a file of another kind is no leader"}, [&](side s) {
		unique_fd leader = must_open(s, counting());
		perf_event_attr attr = counting();
		target of = target::sibling(leader.get());
		row.change(attr, of);
		return open_error(s, &attr, of);
	});
}

const misfit misfits[] = {
	{"nothing_wrong", [](perf_event_attr &, target &) {}, {0}},
	{"no_such_file", [](perf_event_attr &, target &of) { of.group = 1000; }, {EBADF}},
	{"another_kind_of_file", [](perf_event_attr &, target &of) { of.group = 0; }, {EBADF}},
	{"another_cpu", [](perf_event_attr &, target &of) { of.cpu = 0; }, {EINVAL}},
	{"another_task", [](perf_event_attr &, target &of) { of.pid = getppid(); }, {EINVAL}},
	{"all_tasks",
	 [](perf_event_attr &, target &of) {
		 of.pid = -1;
		 of.cpu = 0;
	 },
	 {EINVAL}},
	{"another_clock",
	 [](perf_event_attr &attr, target &) {
		 attr.use_clockid = 1;
		 attr.clockid = CLOCK_MONOTONIC_RAW;
	 },
	 {EINVAL}},
	{"enabled_by_an_exec_alone",
	 [](perf_event_attr &attr, target &) { attr.enable_on_exec = 1; },
	 {0},
	 {EOPNOTSUPP}},
	{"pinned",
	 [](perf_event_attr &attr, target &) { attr.pinned = 1; },
	 {EINVAL},
	 {EOPNOTSUPP}},
};

INSTANTIATE_TEST_SUITE_P(of, group_misfit, testing::ValuesIn(misfits),
			 row_name<testing::TestParamInfo<misfit>>);

TEST_P(group, a_sibling_cannot_lead_a_group)
{
	unique_fd leader = open_leader(), sibling = open_sibling(leader);
	const perf_event_attr attr = counting();
	EXPECT_EQ(open_error(GetParam(), &attr, target::sibling(sibling.get())), EINVAL);
}

/* perf's limit is the size of a read, and greater. */
TEST(group_limit, an_event_more_than_128_is_e2big)
{
	unique_fd leader = must_open(side::clock, counting(whole_group));
	std::vector<unique_fd> siblings;
	const perf_event_attr attr = counting();
	while (siblings.size() < 127)
		siblings.push_back(must_open(side::clock, attr, target::sibling(leader.get())));
	EXPECT_EQ(open_error(side::clock, &attr, target::sibling(leader.get())), E2BIG);
	EXPECT_EQ(read_group(leader.get()).ids.size(), 128u);
	siblings.pop_back();
	EXPECT_EQ(open_error(side::clock, &attr, target::sibling(leader.get())), 0);
}

TEST(group_open, a_file_that_is_not_configured_is_no_leader)
{
	unique_fd leader = open_device(), sibling = open_device();
	const perf_event_attr attr = counting();
	EXPECT_EQ(configure(sibling.get(), &attr, target::sibling(leader.get())), EBADFD);
	EXPECT_EQ(configure(sibling.get(), &attr, target::sibling(sibling.get())), EINVAL);
	EXPECT_EQ(configure(sibling.get(), &attr), 0);
}

TEST(group_open, reserved_bits_that_are_set_are_einval)
{
	unique_fd leader = must_open(side::clock, counting()), sibling = open_device();
	const perf_event_attr attr = counting();
	perfbuf_open_group request = {.group_fd = leader.get(), .reserved = 1};
	request.open = {.attr = reinterpret_cast<uintptr_t>(&attr), .cpu = -1};
	EXPECT_EQ(ioctl_error(sibling.get(), PERFBUF_IOC_OPEN_GROUP, &request), EINVAL);
}

/* Siblings are opened, used and closed while their leaders are. */
TEST(group_race, closing_leaders_and_siblings_concurrently_ends_without_a_hang)
{
	constexpr int rounds = 100;
	for (int round = 0; round < rounds; round++) {
		unique_fd leader = must_open(side::clock, counting(whole_group));
		std::atomic<int> opened = 0;
		const int fd = leader.get();
		std::vector<std::thread> threads;
		for (int i = 0; i < 3; i++)
			threads.emplace_back([&, fd] {
				perf_event_attr attr = counting(whole_group);
				attr.disabled = 0;
				const int sibling = open_event(side::clock, &attr,
							       {.pid = getpid(), .group = fd});
				if (sibling < 0)
					return; /* the leader is closed, or its number another's */
				opened++;
				std::array<uint64_t, 16> words;
				for (unsigned long request :
				     {PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE,
				      PERF_EVENT_IOC_RESET, PERF_EVENT_IOC_ENABLE}) {
					EXPECT_EQ(
						ioctl_error(sibling, request, PERF_IOC_FLAG_GROUP),
						0);
					EXPECT_GT(read(sibling, words.data(), sizeof(words)), 0);
				}
				close(sibling);
			});
		if (round % 2)
			enable(fd);
		eventually([&] { return opened > round % 3; }, std::chrono::milliseconds(20));
		leader.reset();
		for (std::thread &thread : threads)
			thread.join();
	}
}

} /* namespace */
