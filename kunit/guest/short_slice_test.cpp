// SPDX-License-Identifier: GPL-2.0
/* A task that leaves its processor after a few microseconds each time is sampled like any other. */
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

#include "support/session.hpp"

using namespace device_test;

namespace
{

/* Two threads on one processor, which leave it to each other as soon as they have it. */
class yielders
{
public:
	yielders()
	{
		for (std::thread &thread : threads_)
			thread = std::thread([this] {
				pin_to(0);
				tid_ = current_tid();
				while (!stop_)
					sched_yield();
			});
		eventually([this] { return tid_ != 0; });
	}
	~yielders()
	{
		stop_ = true;
		for (std::thread &thread : threads_)
			thread.join();
	}
	/* Of one of them. */
	pid_t tid() const { return tid_; }

private:
	std::atomic<bool> stop_ = false;
	std::atomic<pid_t> tid_ = 0;
	std::thread threads_[2];
};

class short_slices : public testing::TestWithParam<int>
{
};

TEST_P(short_slices, clock_takes_as_many_samples_as_perf_of_the_same_work)
{
	if (perf_only())
		return;
	yielders busy;
	const perf_event_attr attr = clock_attr(200'000);
	const target observed = target::thread(busy.tid(), GetParam());
	recorder ours(side::clock, attr, observed, 256), perfs(side::perf, attr, observed, 256);
	enable(ours.fd.get());
	enable(perfs.fd.get());
	EXPECT_TRUE(eventually([&] {
		ours.buffer.drain(ours.records);
		perfs.buffer.drain(perfs.records);
		return count(perfs.records, PERF_RECORD_SAMPLE) >= 400;
	}));
	const size_t own = count(ours.records, PERF_RECORD_SAMPLE);
	const size_t theirs = count(perfs.records, PERF_RECORD_SAMPLE);
	/* On a loaded machine each loses timer interrupts in bursts; evaded, it was one of twenty.
	 */
	EXPECT_GT(own * 3, theirs) << own << " of " << theirs;
	EXPECT_LT(own, theirs * 3) << own << " of " << theirs;
}

INSTANTIATE_TEST_SUITE_P(on, short_slices, testing::Values(-1, 0),
			 [](const auto &info) { return info.param < 0 ? "any_cpu" : "one_cpu"; });

} /* namespace */
