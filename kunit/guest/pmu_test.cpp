// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/perfbuf/pmu: the kernel's own counters, whose samples perfbuf writes. The events are made to
 * happen here, in known numbers, so that perf's file and ours must agree.
 */
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t fields = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR |
			    PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;

perf_event_attr page_faults(uint64_t period = 1)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	attr.sample_period = period;
	attr.sample_type = fields;
	attr.disabled = 1;
	return attr;
}

class pmu : public testing::TestWithParam<side>
{
};

TEST_P(pmu, each_occurrence_is_sampled_with_its_address)
{
	perf_event_attr attr = page_faults();
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 64);
	constexpr size_t pages = 100;

	enable(fd.get());
	char *first = fault(pages);
	disable(fd.get());
	const uint64_t counted = read_value(fd.get());

	std::vector<record> records = buffer.drain();
	const std::vector<sample> samples = samples_in(records, attr);
	EXPECT_EQ(samples.size(), counted);
	for (size_t i = 0; i < pages; i++) {
		const auto at = reinterpret_cast<uint64_t>(first + i * page_size());
		EXPECT_EQ(std::count_if(samples.begin(), samples.end(),
					[at](const sample &sample) { return *sample.addr == at; }),
			  1)
			<< "page " << i;
	}
	for (const sample &sample : samples) {
		EXPECT_EQ(*sample.period, 1u);
		EXPECT_EQ(*sample.tid, static_cast<uint32_t>(gettid()));
	}
	munmap(first, pages * page_size());
}

TEST_P(pmu, an_event_counts_only_while_it_is_enabled)
{
	unique_fd fd = must_open_pmu(GetParam(), page_faults(0));

	fault(50);
	EXPECT_EQ(read_value(fd.get()), 0u);
	enable(fd.get());
	fault(70);
	disable(fd.get());
	const uint64_t once = read_value(fd.get());
	EXPECT_GE(once, 70u);
	EXPECT_LT(once, 120u);
	fault(200);
	EXPECT_EQ(read_value(fd.get()), once);
	enable(fd.get());
	fault(70);
	disable(fd.get());
	EXPECT_GE(read_value(fd.get()), once + 70);
	EXPECT_LT(read_value(fd.get()), once + 120);
}

TEST_P(pmu, a_new_period_holds_from_then_on)
{
	/* With PERIOD, each event of the kernel's own would be a sample. */
	perf_event_attr attr = page_faults(200);
	attr.sample_type &= ~static_cast<uint64_t>(PERF_SAMPLE_PERIOD);
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 64);
	uint64_t period = 10;

	enable(fd.get());
	fault(100);
	std::vector<record> records = buffer.drain();
	EXPECT_LE(samples_in(records, attr).size(), 1u);
	ASSERT_EQ(ioctl(fd.get(), PERF_EVENT_IOC_PERIOD, &period), 0);
	/* perf begins with a period of the old length. */
	fault(700);
	disable(fd.get());
	records = buffer.drain();
	EXPECT_GE(samples_in(records, attr).size(), 40u);
}

TEST_P(pmu, a_new_frequency_beyond_the_limit_is_einval)
{
	perf_event_attr attr = page_faults();
	attr.freq = 1;
	attr.sample_freq = 1000;
	unique_fd fd = must_open_pmu(GetParam(), attr);
	uint64_t frequency = 2000;

	EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_PERIOD, &frequency), 0);
	frequency = 1'000'000'000'000;
	EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_PERIOD, &frequency), EINVAL);
}

TEST_P(pmu, an_exec_after_a_disable_starts_the_count)
{
	perf_event_attr attr = page_faults(0);
	attr.enable_on_exec = 1;
	const gate go;
	const child other([&] {
		go.wait();
		execl("/proc/self/exe", "spinner", spin_argument, nullptr);
		return 1;
	});
	unique_fd fd = must_open_pmu(GetParam(), attr, target::thread(other.pid()));

	disable(fd.get());
	EXPECT_EQ(read_value(fd.get()), 0u);
	go.open();
	EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > 0; }));
}

TEST_P(pmu, an_inherited_event_counts_the_children_too)
{
	perf_event_attr attr = page_faults(0);
	attr.inherit = 1;
	unique_fd fd = must_open_pmu(GetParam(), attr);

	enable(fd.get());
	const pid_t child = fork();
	if (!child) {
		fault(1000);
		_exit(0);
	}
	int status = 0;
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_TRUE(eventually([&] { return read_value(fd.get()) >= 1000; }));
}

TEST_P(pmu, a_tracepoint_gives_its_record)
{
	/* ftrace's common fields come first: the id, and the thread. */
	FILE *file = fopen("/sys/kernel/tracing/events/sched/sched_process_fork/id", "r");
	if (!file)
		file = fopen("/sys/kernel/debug/tracing/events/sched/sched_process_fork/id", "r");
	ASSERT_TRUE(file) << "tracefs is not mounted";
	unsigned id = 0;
	ASSERT_EQ(fscanf(file, "%u", &id), 1);
	fclose(file);

	perf_event_attr attr = page_faults();
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = id;
	attr.sample_type |= PERF_SAMPLE_RAW;
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 16);

	enable(fd.get());
	const pid_t child = fork();
	if (!child)
		_exit(0);
	disable(fd.get());
	waitpid(child, nullptr, 0);

	std::vector<record> records = buffer.drain();
	const std::vector<sample> samples = samples_in(records, attr);
	ASSERT_EQ(samples.size(), 1u);
	ASSERT_TRUE(samples[0].raw);
	const std::vector<uint8_t> &raw = *samples[0].raw;
	ASSERT_GE(raw.size(), 8u);
	uint16_t type;
	int32_t pid;
	memcpy(&type, raw.data(), sizeof(type));
	memcpy(&pid, raw.data() + 4, sizeof(pid));
	EXPECT_EQ(type, id);
	EXPECT_EQ(pid, gettid());
	EXPECT_EQ((raw.size() + sizeof(uint32_t)) % 8, 0u);
}

TEST_P(pmu, an_event_that_the_kernel_does_not_know_is_refused)
{
	perf_event_attr attr = page_faults();
	attr.config = 12345;
	EXPECT_EQ(open_pmu(GetParam(), attr), -ENOENT);
	attr = page_faults();
	attr.type = 54321;
	EXPECT_EQ(open_pmu(GetParam(), attr), -ENOENT);
	EXPECT_EQ(open_pmu(GetParam(), page_faults(), target::every_process(1000)), -EINVAL);
}

volatile uint32_t words[4];

perf_event_attr writes_to(volatile uint32_t &word)
{
	perf_event_attr attr = write_breakpoint(word);
	attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR;
	return attr;
}

int modify_error(int fd, const perf_event_attr &to)
{
	return ioctl_error(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, &to);
}

TEST_P(pmu, a_breakpoint_that_is_moved_counts_at_its_new_place)
{
	perf_event_attr attr = writes_to(words[0]);
	unique_fd fd = must_open_pmu(GetParam(), attr);
	ring buffer(fd.get(), 8);
	enable(fd.get());
	words[0] = 1;
	words[2] = 1;
	EXPECT_EQ(read_value(fd.get()), 1u);
	perf_event_attr moved = writes_to(words[2]);
	moved.disabled = 0;
	ASSERT_EQ(modify_error(fd.get(), moved), 0);
	words[0] = 2;
	EXPECT_EQ(read_value(fd.get()), 1u);
	for (int i = 0; i < 3; i++)
		words[2] = i;
	EXPECT_EQ(read_value(fd.get()), 4u);
	moved.disabled = 1;
	ASSERT_EQ(modify_error(fd.get(), moved), 0);
	words[2] = 9;
	EXPECT_EQ(read_value(fd.get()), 4u);
	const auto samples = samples_in(buffer.drain(), attr);
	ASSERT_EQ(samples.size(), 4u);
	EXPECT_EQ(*samples[0].addr, reinterpret_cast<uintptr_t>(&words[0]));
	EXPECT_EQ(*samples[1].addr, reinterpret_cast<uintptr_t>(&words[2]));
}

TEST_P(pmu, a_breakpoint_is_moved_to_no_place_where_none_can_be)
{
	unique_fd fd = must_open_pmu(GetParam(), writes_to(words[0]));
	perf_event_attr to = writes_to(words[0]);
	to.bp_addr += 1;
	EXPECT_EQ(modify_error(fd.get(), to), EINVAL);
	to = writes_to(words[0]);
	to.bp_len = 3;
	EXPECT_EQ(modify_error(fd.get(), to), EINVAL);
	to = writes_to(words[0]);
	to.bp_addr = 0xffffffff81000000;
	EXPECT_EQ(modify_error(fd.get(), to), EINVAL);
	to = writes_to(words[1]);
	to.sample_period = 2;
	EXPECT_EQ(modify_error(fd.get(), to), EINVAL);
	enable(fd.get());
	words[0] = 1;
	EXPECT_EQ(read_value(fd.get()), 1u);
}

/* Opened, enabled, mapped and closed while it samples at full rate: no counter is left. */
TEST_P(pmu, events_open_and_close_while_they_sample_at_full_rate)
{
	for (int turn = 0; turn < 200; turn++) {
		unique_fd fd = must_open_pmu(GetParam(), page_faults());
		ring buffer(fd.get(), 1);
		enable(fd.get());
		char *first = fault(20);
		if (turn % 2)
			disable(fd.get());
		munmap(first, 20 * page_size());
	}
}

INSTANTIATE_TEST_SUITE_P(on, pmu, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
