// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_FENCE: what was stamped before the time that it returns is published. */
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"

using namespace device_test;

namespace
{

constexpr const char *node = "/dev/perfbuf/inject";

perf_event_attr message_attr()
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	std::ifstream("/sys/class/perfbuf/inject/events/message/id") >> attr.config;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TIME;
	return attr;
}

struct reader_of_cpu {
	explicit reader_of_cpu(int cpu)
		: attr(message_attr()), fd(open(node, O_RDWR | O_CLOEXEC)),
		  configured(configure(fd.get(), &attr, target::every_process(cpu))),
		  buffer(fd.get(), 256)
	{
	}
	std::vector<uint64_t> times()
	{
		std::vector<record> records;
		buffer.drain(records);
		std::vector<uint64_t> all;
		for (const auto &each : samples_in(records, attr))
			all.push_back(each.time.value());
		return all;
	}
	perf_event_attr attr;
	unique_fd fd;
	int configured;
	ring buffer;
};

int fence(int fd, uint64_t &time)
{
	return ioctl(fd, PERFBUF_IOC_FENCE, &time);
}

} // namespace

TEST(fence, records_that_are_read_after_a_fence_and_a_look_at_all_rings_are_not_older)
{
	std::vector<reader_of_cpu> readers;
	const std::vector<int> cpus = online_cpus();
	readers.reserve(cpus.size());
	for (const int cpu : cpus) {
		readers.emplace_back(cpu);
		ASSERT_EQ(readers.back().configured, 0);
	}
	std::vector<std::jthread> writers;
	for (const int cpu : cpus)
		writers.emplace_back([&, cpu](std::stop_token stop) {
			pin_to(cpu);
			const unique_fd fd(open(node, O_WRONLY | O_CLOEXEC));
			while (!stop.stop_requested() && write(fd.get(), "x", 1) == 1)
				;
		});
	uint64_t last = 0;
	size_t older = 0, seen = 0, fences = 0;
	EXPECT_TRUE(eventually([&] {
		uint64_t now = 0;
		EXPECT_EQ(fence(readers.front().fd.get(), now), 0);
		EXPECT_GE(now, last);
		fences += now != last;
		/* A record of this round or a later one was stamped after the fence before. */
		for (auto &each : readers)
			for (const uint64_t time : each.times()) {
				older += time < last;
				seen++;
			}
		last = now;
		return fences > 8 && seen > 1000;
	})) << fences
	    << " fences, " << seen << " records";
	writers.clear();
	EXPECT_EQ(older, 0u) << "of " << seen;
}

TEST(fence, the_time_of_a_fence_is_of_the_files_clock)
{
	perf_event_attr attr = message_attr();
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	const unique_fd fd(open(node, O_RDWR | O_CLOEXEC));
	ASSERT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
	const auto monotonic = [] {
		timespec now = {};
		clock_gettime(CLOCK_MONOTONIC, &now);
		return static_cast<uint64_t>(now.tv_sec) * 1000000000 +
		       static_cast<uint64_t>(now.tv_nsec);
	};
	const uint64_t before = monotonic();
	uint64_t time = 0;
	/* Requests share a time for a while, and then there is a new one. */
	EXPECT_TRUE(eventually([&] { return fence(fd.get(), time) || time >= before; }));
	EXPECT_LE(before, time);
	EXPECT_LE(time, monotonic());
}

TEST(fence, a_wrong_request_for_a_fence_has_its_errno)
{
	const unique_fd fd(open(node, O_RDWR | O_CLOEXEC));
	uint64_t time = 0;
	EXPECT_EQ(fence(fd.get(), time), -1);
	EXPECT_EQ(errno, EBADFD) << "not configured";
	perf_event_attr attr = message_attr();
	ASSERT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
	EXPECT_EQ(ioctl(fd.get(), PERFBUF_IOC_FENCE, 8), -1);
	EXPECT_EQ(errno, EFAULT);
	const unique_fd written(open(node, O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(fence(written.get(), time), -1);
	EXPECT_EQ(errno, EBADF) << "not open for reading";
}
