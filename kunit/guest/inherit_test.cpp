// SPDX-License-Identifier: GPL-2.0
/* attr.inherit: the children of what is sampled, and the children of those. */
#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/shared_page.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t period = 1'000'000;

/* A page that a family of processes shares. */
struct family_page {
	std::atomic<pid_t> child, grandchild, thread;
	std::atomic<bool> stop;
};

class inherit : public testing::TestWithParam<side>
{
protected:
	void TearDown() override { page->stop = true; }

	perf_event_attr attr(bool inherit, bool thread_only = false)
	{
		perf_event_attr a = clock_attr(period);
		a.inherit = inherit;
		a.inherit_thread = thread_only;
		return a;
	}

	static std::set<pid_t> pids(const std::vector<sample> &samples)
	{
		std::set<pid_t> all;
		for (const sample &s : samples)
			all.insert(*s.pid);
		return all;
	}
	static std::set<pid_t> tids(const std::vector<sample> &samples)
	{
		std::set<pid_t> all;
		for (const sample &s : samples)
			all.insert(*s.tid);
		return all;
	}

	/* A process that on request has a child and a grandchild; all are busy. */
	int be_a_family(const gate &go)
	{
		go.wait();
		child second([&] {
			page->child = getpid();
			child third([&] {
				page->grandchild = getpid();
				spin(page->stop);
				return 0;
			});
			spin(page->stop);
			return third.wait().code;
		});
		spin(page->stop);
		return second.wait().code;
	}

	shared_page<family_page> page;
	gate go;
};

TEST_P(inherit, an_inherited_event_follows_children_and_grandchildren)
{
	child parent([&] { return be_a_family(go); });
	session s(GetParam(), attr(true), parent.pid());
	s.enable();
	go.open();
	EXPECT_TRUE(s.until([&](const std::vector<record> &) {
		const std::set<pid_t> seen = pids(s.samples());
		return seen.count(parent.pid()) && page->grandchild && seen.count(page->child) &&
		       seen.count(page->grandchild);
	}));
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
	EXPECT_EQ(pids(s.samples()).size(), 3u) << "no other process";
}

TEST_P(inherit, an_event_without_inherit_does_not_follow_children)
{
	child parent([&] { return be_a_family(go); });
	session s(GetParam(), attr(false), parent.pid());
	s.enable();
	go.open();
	ASSERT_TRUE(eventually([&] { return page->grandchild != 0; }));
	EXPECT_TRUE(s.until_samples(50));
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
	EXPECT_EQ(pids(s.samples()), std::set<pid_t>{parent.pid()});
}

TEST_P(inherit, an_inherited_event_does_not_follow_earlier_children)
{
	child parent([&] { return be_a_family(go); });
	go.open();
	ASSERT_TRUE(eventually([&] { return page->grandchild != 0; }));
	session s(GetParam(), attr(true), parent.pid());
	s.enable();
	EXPECT_TRUE(s.until_samples(50));
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
	EXPECT_EQ(pids(s.samples()), std::set<pid_t>{parent.pid()});
}

TEST_P(inherit, an_inherited_event_of_a_thread_follows_the_children_of_that_thread)
{
	child parent([&] {
		go.wait();
		std::thread other([&] {
			page->thread = current_tid();
			spin(page->stop);
		});
		child process([&] {
			page->child = getpid();
			spin(page->stop);
			return 0;
		});
		spin(page->stop);
		other.join();
		return process.wait().code;
	});
	session s(GetParam(), attr(true, true), parent.pid());
	s.enable();
	go.open();
	EXPECT_TRUE(s.until([&](const std::vector<record> &) {
		return page->child && page->thread && tids(s.samples()).count(page->thread) &&
		       tids(s.samples()).count(parent.pid());
	}));
	EXPECT_TRUE(s.until_samples(100));
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
	EXPECT_FALSE(pids(s.samples()).count(page->child)) << "inherit_thread: no new processes";
}

TEST_P(inherit, child_is_switched_with_its_parent)
{
	child parent([&] { return be_a_family(go); });
	session s(GetParam(), attr(true), parent.pid());
	go.open();
	ASSERT_TRUE(eventually([&] { return page->grandchild != 0; }));
	pause_for(std::chrono::milliseconds(20));
	EXPECT_TRUE(s.collect().empty()) << "disabled, in all generations";
	s.enable();
	EXPECT_TRUE(s.until(
		[&](const std::vector<record> &) { return pids(s.samples()).size() == 3; }));
	s.disable();
	s.collect();
	const size_t before = s.collect().size();
	pause_for(std::chrono::milliseconds(50));
	EXPECT_EQ(s.collect().size(), before);
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
}

TEST_P(inherit, the_count_includes_the_children_that_have_ended)
{
	/* The parent sleeps: what is counted is its child's. */
	child parent([&] {
		go.wait();
		const outcome done = run_in_child([&] {
			page->child = getpid();
			spin(page->stop);
			return 0;
		});
		page->thread = 1;
		pause();
		return done.code;
	});
	perf_event_attr a = attr(true);
	a.read_format = PERF_FORMAT_TOTAL_TIME_RUNNING;
	unique_fd fd = must_open(GetParam(), a, target::thread(parent.pid()));
	enable(fd.get());
	go.open();
	EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > 20'000'000; })) << "alive";
	page->stop = true;
	ASSERT_TRUE(eventually([&] { return page->thread == 1; }));
	const uint64_t ended = read_value(fd.get());
	EXPECT_GT(ended, 20'000'000u) << "ended";
	EXPECT_GE(read_value(fd.get()), ended);
}

TEST_P(inherit, samples_have_the_id_of_the_file_and_a_stream_of_their_own)
{
	child parent([&] { return be_a_family(go); });
	perf_event_attr a = attr(true);
	a.sample_type |= PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_IDENTIFIER;
	session s(GetParam(), a, parent.pid());
	std::set<uint64_t> ids;
	for (const session::cpu_event &e : s.events)
		ids.insert(event_id(e.fd.get()));
	s.enable();
	go.open();
	EXPECT_TRUE(s.until(
		[&](const std::vector<record> &) { return pids(s.samples()).size() == 3; }));
	for (const sample &sample : s.samples()) {
		EXPECT_TRUE(ids.count(*sample.id));
		EXPECT_EQ(*sample.id, *sample.identifier);
		/* perf swaps the contexts of parent and child when it switches between them. */
		if (*sample.pid == parent.pid() && GetParam() == side::clock)
			EXPECT_EQ(*sample.stream_id, *sample.id);
	}
	page->stop = true;
	EXPECT_TRUE(parent.wait().clean());
}

INSTANTIATE_TEST_SUITE_P(on, inherit, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
