// SPDX-License-Identifier: GPL-2.0
/* PERF_RECORD_SWITCH and PERF_RECORD_SWITCH_CPU_WIDE. */
#include <csignal>
#include <ctime>
#include <sched.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

perf_event_attr switches()
{
	perf_event_attr attr =
		clock_attr(1'000'000'000'000, PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU);
	attr.disabled = 0;
	attr.sample_id_all = 1;
	attr.context_switch = 1;
	return attr;
}

bool is_out(const record &r)
{
	return r.header.misc & PERF_RECORD_MISC_SWITCH_OUT;
}

bool is_preempted(const record &r)
{
	return r.header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
}

long switches_to_sleep()
{
	rusage use;
	getrusage(RUSAGE_THREAD, &use);
	return use.ru_nvcsw;
}

/* Sleeps until the thread has been switched out: on a slow machine the timer may expire before. */
void nap()
{
	const timespec a_while{0, 2'000'000};
	const long before = switches_to_sleep();
	do
		nanosleep(&a_while, nullptr);
	while (switches_to_sleep() == before);
}

class on_cpu_0
{
public:
	on_cpu_0()
	{
		sched_getaffinity(0, sizeof(before_), &before_);
		pin_to(0);
	}
	~on_cpu_0() { sched_setaffinity(0, sizeof(before_), &before_); }

private:
	cpu_set_t before_;
};

class switch_records : public testing::TestWithParam<side>
{
};

TEST_P(switch_records, a_thread_that_sleeps_goes_out_and_comes_in_by_turns)
{
	constexpr size_t naps = 5;
	const on_cpu_0 pinned;
	session s(GetParam(), switches(), 0, 64, {0});
	for (size_t i = 0; i < naps; i++)
		nap();
	size_t out = 0, in = 0;
	bool runs = true;
	for (const record &r : s.collect()) {
		if (r.header.type != PERF_RECORD_SWITCH)
			continue;
		const sample_id id = parse_trailer(r, s.attr());
		EXPECT_EQ(id.tid, current_tid());
		EXPECT_EQ(id.pid, getpid());
		EXPECT_EQ(id.cpu, 0u);
		EXPECT_EQ(r.body.size(), trailer_size(s.attr())) << "the header alone";
		EXPECT_EQ(is_out(r), runs) << "out and in by turns";
		runs = !is_out(r);
		(is_out(r) ? out : in)++;
	}
	EXPECT_GE(out, naps);
	EXPECT_EQ(in, out) << "it runs now";
}

TEST_P(switch_records, a_busy_thread_that_makes_way_is_preempted)
{
	spinner busy(0);
	spinner other(0);
	session s(GetParam(), switches(), busy.tid(), 64, {0});
	EXPECT_TRUE(s.until_record(PERF_RECORD_SWITCH,
				   [](const record &r) { return is_out(r) && is_preempted(r); }));
}

TEST_P(switch_records, a_thread_that_sleeps_is_not_preempted)
{
	child sleeper([] {
		for (;;)
			nap();
		return 0;
	});
	session s(GetParam(), switches(), sleeper.pid());
	EXPECT_TRUE(s.until_record(PERF_RECORD_SWITCH,
				   [](const record &r) { return is_out(r) && !is_preempted(r); }));
	kill(sleeper.pid(), SIGKILL);
}

TEST_P(switch_records, switch_records_of_a_cpu_name_the_other_task)
{
	child sleeper([] {
		for (;;)
			nap();
		return 0;
	});
	session s(GetParam(), switches(), -1);
	const auto tid = static_cast<uint32_t>(sleeper.pid());
	/* Its own record, and that of the task which it comes after. */
	EXPECT_TRUE(s.until_record(PERF_RECORD_SWITCH_CPU_WIDE, [&](const record &r) {
		return is_out(r) && parse_trailer(r, s.attr()).tid == sleeper.pid() &&
		       r.at<uint32_t>(4) != tid;
	}));
	EXPECT_TRUE(s.until_record(PERF_RECORD_SWITCH_CPU_WIDE, [&](const record &r) {
		return !is_out(r) && parse_trailer(r, s.attr()).tid != sleeper.pid() &&
		       r.at<uint32_t>(0) == tid && r.at<uint32_t>(4) == tid;
	}));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_SWITCH), 0u);
	kill(sleeper.pid(), SIGKILL);
}

TEST_P(switch_records, a_dummy_event_carries_them)
{
	perf_event_attr attr = switches();
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.comm = 1;
	session s(GetParam(), attr, 0);
	nap();
	EXPECT_TRUE(s.until_record(PERF_RECORD_SWITCH, is_out));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_SAMPLE), 0u);
}

TEST_P(switch_records, no_switch_records_come_without_context_switch)
{
	perf_event_attr attr = switches();
	attr.context_switch = 0;
	attr.comm = 1;
	session s(GetParam(), attr, 0);
	nap();
	EXPECT_EQ(count(s.collect(), PERF_RECORD_SWITCH), 0u);
}

INSTANTIATE_TEST_SUITE_P(on, switch_records, testing::ValuesIn(sides()),
			 [](const auto &info) { return std::string(name(info.param)); });

} /* namespace */
