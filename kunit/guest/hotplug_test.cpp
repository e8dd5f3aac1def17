// SPDX-License-Identifier: GPL-2.0
/* A processor that goes and comes back. */
#include <gtest/gtest.h>

#include "support/absence.hpp"
#include "support/expect.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr int last_cpu = absence::cpu;

TEST(offline_cpu, an_event_of_every_process_on_an_offline_cpu_is_enodev)
{
	absence away;
	check_both({{ENODEV}}, [](side s) {
		const perf_event_attr attr = clock_attr();
		return open_error(s, &attr, target::every_process(last_cpu));
	});
}

/* Of two faults perf reports the other one. */
TEST(offline_cpu, every_other_fault_of_an_event_is_reported_before_its_cpu)
{
	absence away;
	const auto refused = [](side s, perf_event_attr attr, target observed) {
		observed.cpu = last_cpu;
		return open_error(s, &attr, observed);
	};
	check_both({{ENOENT}}, [&](side s) {
		perf_event_attr attr = clock_attr();
		attr.type = 0xffff;
		return refused(s, attr, {-1});
	});
	check_both({{EINVAL}}, [&](side s) {
		perf_event_attr attr = clock_attr();
		attr.use_clockid = 1;
		attr.clockid = 99;
		return refused(s, attr, {-1});
	});
	check_both({{EINVAL, ENODEV}, {EINVAL}, "perf of 6.12 looks at the CPU before the group"},
		   [&](side s) {
			   const unique_fd leader =
				   must_open(s, clock_attr(), target::every_process(0));
			   target observed = {-1};
			   observed.group = leader.get();
			   return refused(s, clock_attr(), observed);
		   });
	check_both({{EBADF}}, [&](side s) {
		return refused(s, clock_attr(), {9999, -1, PERF_FLAG_PID_CGROUP});
	});
}

TEST(offline_cpu, an_event_of_a_thread_on_an_offline_cpu_is_allowed)
{
	absence away;
	check_both({{0}}, [](side s) {
		const perf_event_attr attr = clock_attr();
		return open_error(s, &attr, {0, last_cpu});
	});
}

class hotplug : public testing::TestWithParam<side>
{
};

TEST_P(hotplug, a_thread_that_is_moved_off_its_cpu_is_sampled_on)
{
	spinner busy;
	recorder r(GetParam(), clock_attr(), target::thread(busy.tid()));
	r.sample_until(20);
	absence away;
	const size_t before = samples_in(r.records, r.attr).size();
	EXPECT_NO_THROW(r.sample_until(before + 20));
	away.end();
	EXPECT_NO_THROW(r.sample_until(before + 40));
}

TEST_P(hotplug, file_of_the_processor_is_not_harmed)
{
	perf_event_attr attr = clock_attr();
	attr.comm = attr.task = attr.mmap = attr.mmap2 = attr.sample_id_all = 1;
	recorder r(GetParam(), attr, target::every_process(last_cpu));
	r.sample_until(10);
	enable(r.fd.get());
	for (int turn = 0; turn < 3; turn++) {
		absence away;
		EXPECT_EQ(ioctl_error(r.fd.get(), PERF_EVENT_IOC_DISABLE), 0);
		EXPECT_EQ(ioctl_error(r.fd.get(), PERF_EVENT_IOC_ENABLE), 0);
		EXPECT_EQ(ioctl_error(r.fd.get(), PERF_EVENT_IOC_RESET), 0);
		read_value(r.fd.get());
		r.buffer.drain(r.records);
	}
}

TEST_P(hotplug, file_is_closed_while_its_processor_is_away)
{
	recorder r(GetParam(), clock_attr(), target::every_process(last_cpu));
	r.sample_until(10);
	enable(r.fd.get());
	absence away;
	r.fd.reset();
	r.buffer.unmap();
}

INSTANTIATE_TEST_SUITE_P(on, hotplug, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* perf does not resume an event whose processor was offline; perfbuf does. */
class own_hotplug : public testing::TestWithParam<side>
{
};

TEST_P(own_hotplug, samples_resume_when_the_processor_is_back)
{
	recorder r(GetParam(), clock_attr(), target::every_process(last_cpu));
	r.sample_until(20);
	enable(r.fd.get());
	for (int turn = 0; turn < 3; turn++) {
		{
			absence away;
			r.buffer.drain(r.records);
			pause_for(std::chrono::milliseconds(20));
			EXPECT_EQ(r.buffer.drain().size(), 0u) << "from a processor that is away";
		}
		std::vector<record> after;
		EXPECT_TRUE(eventually([&] {
			r.buffer.drain(after);
			return count(after, PERF_RECORD_SAMPLE) >= 20;
		})) << "turn "
		    << turn;
		for (const sample &s : samples_in(after, r.attr))
			EXPECT_EQ(*s.cpu, static_cast<uint32_t>(last_cpu));
	}
}

TEST_P(own_hotplug, event_enabled_while_its_processor_is_away_starts_with_it)
{
	recorder r(GetParam(), clock_attr(), target::every_process(last_cpu));
	{
		absence away;
		enable(r.fd.get());
		pause_for(std::chrono::milliseconds(20));
		EXPECT_EQ(r.buffer.unread(), 0u);
	}
	EXPECT_TRUE(eventually([&] { return r.buffer.unread() > 0; }));
}

TEST_P(own_hotplug, event_disabled_while_its_processor_is_away_stays_off)
{
	recorder r(GetParam(), clock_attr(), target::every_process(last_cpu));
	r.sample_until(10);
	enable(r.fd.get());
	{
		absence away;
		disable(r.fd.get());
		r.buffer.drain(r.records);
	}
	recorder clock(GetParam(), clock_attr(), target::every_process(last_cpu));
	clock.sample_until(30);
	EXPECT_EQ(r.buffer.unread(), 0u);
}

INSTANTIATE_TEST_SUITE_P(on, own_hotplug, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_hotplug);

} /* namespace */
