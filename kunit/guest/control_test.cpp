// SPDX-License-Identifier: GPL-2.0
/* Tests of the ioctl(2) requests: on and off, limits, period, pause. */
#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t period = 1'000'000;

class control_of : public testing::TestWithParam<side>
{
protected:
	/* True when @r stays silent while another event of the same kind has 30 samples. */
	bool stays_silent(recorder &r)
	{
		r.buffer.drain();
		recorder clock(GetParam(), clock_attr(period), target::every_process(0));
		clock.sample_until(30);
		return r.buffer.drain().empty();
	}
};

TEST_P(control_of, an_event_that_starts_disabled_waits_for_enable)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::every_process(0));
	EXPECT_TRUE(stays_silent(r));
	r.sample_until(10);
	EXPECT_TRUE(stays_silent(r)) << "after DISABLE";
	r.sample_until(r.records.size() + 10);
}

TEST_P(control_of, an_event_that_starts_enabled_samples_at_once)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(period);
	attr.disabled = 0;
	recorder r(GetParam(), attr, target::every_process(0));
	EXPECT_TRUE(eventually([&] { return r.buffer.unread() > 0; }));
}

TEST_P(control_of, a_second_enable_or_disable_changes_nothing)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::every_process(0));
	enable(r.fd.get());
	enable(r.fd.get());
	disable(r.fd.get());
	EXPECT_TRUE(stays_silent(r));
	disable(r.fd.get());
	enable(r.fd.get());
	EXPECT_TRUE(eventually([&] { return r.buffer.unread() > 0; }));
}

TEST_P(control_of, refresh_allows_as_many_samples_as_it_says)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::every_process(0));
	for (unsigned n : {1, 3, 10}) {
		r.buffer.drain();
		control(r.fd.get(), PERF_EVENT_IOC_REFRESH, n);
		std::vector<record> got;
		EXPECT_TRUE(eventually([&] {
			r.buffer.drain(got);
			return count(got, PERF_RECORD_SAMPLE) >= n;
		}));
		EXPECT_TRUE(stays_silent(r));
		EXPECT_EQ(count(got, PERF_RECORD_SAMPLE), n);
	}
}

TEST_P(control_of, refresh_adds_to_what_is_left)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(20'000'000), target::every_process(0));
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, 2);
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, 3);
	std::vector<record> got;
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(got);
		return count(got, PERF_RECORD_SAMPLE) >= 5;
	}));
	EXPECT_TRUE(stays_silent(r));
}

TEST_P(control_of, refresh_by_0_enables_without_a_limit)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::every_process(0));
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, 0);
	std::vector<record> got;
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(got);
		return count(got, PERF_RECORD_SAMPLE) >= 30;
	}));
}

TEST_P(control_of, refresh_by_a_negative_number_takes_back)
{
	/* Nothing comes before the period is changed. */
	spinner busy(0);
	recorder r(GetParam(), clock_attr(1'000'000'000'000), target::every_process(0));
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, 5);
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, static_cast<unsigned long>(-2));
	uint64_t value = period;
	control(r.fd.get(), PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&value));
	std::vector<record> got;
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(got);
		return count(got, PERF_RECORD_SAMPLE) >= 3;
	}));
	EXPECT_TRUE(stays_silent(r));
	EXPECT_EQ(count(got, PERF_RECORD_SAMPLE), 3u);

	/* A negative refresh of an event without a limit sets none that samples could reach. */
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, static_cast<unsigned long>(-1));
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(got);
		return count(got, PERF_RECORD_SAMPLE) >= 30;
	}));
}

TEST_P(control_of, a_period_can_be_changed_while_the_event_runs)
{
	/* From one sample in a quarter of an hour to one each millisecond. */
	spinner busy(0);
	recorder r(GetParam(), clock_attr(1'000'000'000'000), target::every_process(0));
	enable(r.fd.get());
	EXPECT_TRUE(stays_silent(r));
	uint64_t value = period;
	control(r.fd.get(), PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&value));
	std::vector<record> got;
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(got);
		return count(got, PERF_RECORD_SAMPLE) >= 30;
	}));
	value = 1'000'000'000'000;
	control(r.fd.get(), PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&value));
	EXPECT_TRUE(stays_silent(r));
}

TEST_P(control_of, a_period_can_be_changed_while_the_event_is_off)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(1'000'000'000'000), target::every_process(0));
	uint64_t value = period;
	control(r.fd.get(), PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&value));
	EXPECT_TRUE(stays_silent(r)) << "it is still off";
	EXPECT_NO_THROW(r.sample_until(30));
}

TEST_P(control_of, a_frequency_samples_with_the_period_of_its_inverse)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr();
	attr.freq = 1;
	attr.sample_freq = 500;
	recorder r(GetParam(), attr, target::every_process(0));
	for (const sample &s : r.sample_until(20))
		EXPECT_EQ(*s.period, 1'000'000'000u / 500);
}

TEST_P(control_of, a_higher_frequency_gives_more_samples)
{
	/* Both at the same time: how long it takes does not matter. */
	spinner busy(0);
	perf_event_attr attr = clock_attr();
	attr.freq = 1;
	attr.sample_freq = 20;
	recorder slow(GetParam(), attr, target::every_process(0));
	attr.sample_freq = 1000;
	recorder fast(GetParam(), attr, target::every_process(0), 256);
	enable(fast.fd.get());
	slow.sample_until(10);
	disable(fast.fd.get());
	fast.buffer.drain(fast.records);
	EXPECT_GT(samples_in(fast.records, attr).size(), 20u);
}

TEST_P(control_of, the_count_grows_with_the_samples)
{
	/* n samples of a thread at one each millisecond are about n milliseconds of its time. */
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::thread(busy.tid()), 256);
	const size_t n = r.sample_until(100).size();
	EXPECT_GT(read_value(r.fd.get()) * 4, n * period);
}

TEST_P(control_of, paused_output_writes_nothing_and_counts_it_as_lost)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(period);
	attr.read_format = PERF_FORMAT_LOST;
	recorder r(GetParam(), attr, target::every_process(0));
	r.sample_until(5);
	control(r.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	r.buffer.drain(r.records);
	enable(r.fd.get());
	EXPECT_TRUE(eventually([&] { return read_value(r.fd.get(), 1) >= 10; }));
	EXPECT_EQ(r.buffer.unread(), 0u);
	control(r.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 0UL);
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(r.records);
		return lost_in(r.records) >= 10;
	}));
	disable(r.fd.get());
	let_one_through(r.fd.get(), r.buffer, r.records);
	EXPECT_EQ(lost_in(r.records), read_value(r.fd.get(), 1));
}

TEST_P(control_of, enable_on_exec_starts_the_event_at_the_exec)
{
	gate go;
	child process([&] {
		go.wait();
		execl("/proc/self/exe", "device_test_spin", spin_argument, nullptr);
		return 1;
	});
	perf_event_attr attr = clock_attr(period);
	attr.enable_on_exec = 1;
	attr.comm = 1;
	session s(GetParam(), attr, process.pid());
	pause_for(std::chrono::milliseconds(20));
	EXPECT_TRUE(s.collect().empty()) << "before the exec";
	go.open();
	EXPECT_TRUE(s.until_samples(10)) << "after the exec";
	for (const sample &sample : s.samples())
		EXPECT_EQ(*sample.pid, process.pid());
	/* The exec is the first that it saw. */
	size_t execs = 0;
	for (const record &r : s.collect()) {
		if (r.header.type == PERF_RECORD_COMM)
			execs += parse_comm(r, attr).exec;
	}
	EXPECT_EQ(execs, 1u);
}

INSTANTIATE_TEST_SUITE_P(on, control_of, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
