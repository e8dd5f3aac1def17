// SPDX-License-Identifier: GPL-2.0
/* /dev/perfbuf/inject: what user space writes becomes records, each exactly once. */
#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"
#include "support/shared_page.hpp"

using namespace device_test;

namespace
{

/* volatile: the compiler knows that nothing is there. */
void *volatile bad_address = reinterpret_cast<void *>(8);

constexpr const char *node = "/dev/perfbuf/inject";

perf_event_attr message_attr()
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	std::ifstream("/sys/class/perfbuf/inject/events/message/id") >> attr.config;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_TIME;
	return attr;
}

/* Common fields, then where the data is and how long. */
std::string data_of(const sample &sample)
{
	uint32_t where;
	memcpy(&where, &sample.raw.value().at(8), sizeof(where));
	const size_t at = where & 0xffff, bytes = where >> 16;
	if (at + bytes > sample.raw->size())
		throw std::runtime_error("data that leaves the record");
	return std::string(reinterpret_cast<const char *>(sample.raw->data()) + at, bytes);
}

struct event_reader {
	explicit event_reader(int cpu, size_t pages = 64)
		: attr(message_attr()), fd(open(node, O_RDWR | O_CLOEXEC)),
		  configured(configure(fd.get(), &attr, target::every_process(cpu))),
		  buffer(fd.get(), pages)
	{
	}
	std::vector<sample> samples()
	{
		records.clear();
		buffer.drain(records);
		return samples_in(records, attr);
	}
	perf_event_attr attr;
	unique_fd fd;
	int configured;
	ring buffer;
	std::vector<record> records;
};

class inject : public testing::Test
{
protected:
	inject()
	{
		sched_getaffinity(0, sizeof(before_), &before_);
		pin_to(0);
	}
	~inject() override { sched_setaffinity(0, sizeof(before_), &before_); }
	event_reader reader{0};
	unique_fd writer{open(node, O_WRONLY | O_CLOEXEC)};

	std::vector<std::string> said()
	{
		std::vector<std::string> all;
		for (const sample &sample : reader.samples())
			all.push_back(data_of(sample));
		return all;
	}

private:
	cpu_set_t before_;
};

using strings = std::vector<std::string>;

TEST_F(inject, a_write_is_a_record_stamped_by_the_kernel)
{
	ASSERT_EQ(write(writer.get(), "hello", 5), 5);
	const std::vector<sample> samples = reader.samples();
	ASSERT_EQ(samples.size(), 1u);
	EXPECT_EQ(data_of(samples[0]), "hello");
	EXPECT_EQ(*samples[0].tid, gettid());
	EXPECT_EQ(*samples[0].cpu, 0u);
	EXPECT_GT(*samples[0].time, 0u);
	uint16_t type;
	int32_t pid;
	memcpy(&type, samples[0].raw->data(), sizeof(type));
	memcpy(&pid, samples[0].raw->data() + 4, sizeof(pid));
	EXPECT_EQ(type, message_attr().config);
	EXPECT_EQ(pid, gettid());
}

TEST_F(inject, data_that_looks_like_a_record_stays_data)
{
	struct {
		perf_event_header header = {PERF_RECORD_LOST, 0, 24};
		uint64_t id = 1, lost = 1000;
	} forged;
	ASSERT_EQ(write(writer.get(), &forged, sizeof(forged)),
		  static_cast<ssize_t>(sizeof(forged)));
	EXPECT_EQ(said(), strings{std::string(reinterpret_cast<char *>(&forged), sizeof(forged))});
	EXPECT_EQ(count(reader.records, PERF_RECORD_LOST), 0u);
}

TEST_F(inject, each_part_of_a_writev_is_a_record)
{
	char first[] = "one", second[] = "twotwo";
	const iovec parts[] = {{first, 3}, {second, 6}};
	ASSERT_EQ(writev(writer.get(), parts, 2), 9);
	EXPECT_EQ(said(), (strings{"one", "twotwo"}));
}

TEST_F(inject, each_part_of_a_batch_is_a_record)
{
	std::string longest(PERFBUF_WRITE_MAX, 'x');
	const perfbuf_write_part parts[] = {
		{reinterpret_cast<uintptr_t>("one"), 3},
		{0, 0},
		{reinterpret_cast<uintptr_t>(longest.data()), PERFBUF_WRITE_MAX}};
	const perfbuf_write all = {reinterpret_cast<uintptr_t>(parts), 3, 0};
	ASSERT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), 3);
	EXPECT_EQ(said(), (strings{"one", "", longest}));
}

TEST_F(inject, a_batch_ends_at_the_first_part_that_is_bad)
{
	const perfbuf_write_part parts[] = {{reinterpret_cast<uintptr_t>("one"), 3},
					    {8, 3},
					    {reinterpret_cast<uintptr_t>("two"), 3}};
	perfbuf_write all = {reinterpret_cast<uintptr_t>(parts), 3, 0};
	EXPECT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), 1);
	EXPECT_EQ(said(), strings{"one"});
	all.parts += sizeof(parts[0]);
	EXPECT_EQ(ioctl_error(writer.get(), PERFBUF_IOC_WRITE, &all), EFAULT);
	EXPECT_TRUE(said().empty());
}

/* Small parts are written in batches, large ones and bad ones alone: nothing of that shows. */
TEST_F(inject, a_batch_of_parts_of_all_sizes_keeps_their_order)
{
	std::vector<std::string> texts;
	std::vector<perfbuf_write_part> parts;
	for (uint32_t i = 0; i < 200; i++)
		texts.push_back(std::string(i % 7 == 6 ? 4000 + i : i % 41, 'a' + i % 26));
	for (const std::string &text : texts)
		parts.push_back({reinterpret_cast<uintptr_t>(text.data()), text.size()});
	const perfbuf_write all = {reinterpret_cast<uintptr_t>(parts.data()),
				   static_cast<uint32_t>(parts.size()), 0};
	ASSERT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), 200);
	EXPECT_EQ(said(), texts);
}

TEST_F(inject, a_batch_whose_bad_part_stands_behind_many_ends_before_it)
{
	std::vector<perfbuf_write_part> parts(100, {reinterpret_cast<uintptr_t>("good"), 4});
	perfbuf_write all = {reinterpret_cast<uintptr_t>(parts.data()),
			     static_cast<uint32_t>(parts.size()), 0};
	for (size_t bad : {1, 31, 32, 33, 99}) {
		parts[bad] = {8, 3};
		EXPECT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), static_cast<int>(bad));
		EXPECT_EQ(said(), strings(bad, "good"));
		parts[bad] = {reinterpret_cast<uintptr_t>("good"), PERFBUF_WRITE_MAX + 1};
		EXPECT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), static_cast<int>(bad));
		EXPECT_EQ(said(), strings(bad, "good"));
		parts[bad] = {reinterpret_cast<uintptr_t>("good"), 4};
	}
}

/* 32 MiB may be written by one call: it must be possible to end it. */
TEST_F(inject, a_batch_of_large_parts_ends_early_when_a_signal_arrives)
{
	std::string longest(PERFBUF_WRITE_MAX, 'x');
	std::vector<perfbuf_write_part> parts(
		PERFBUF_WRITE_PARTS,
		{reinterpret_cast<uintptr_t>(longest.data()), PERFBUF_WRITE_MAX});
	const perfbuf_write all = {reinterpret_cast<uintptr_t>(parts.data()),
				   static_cast<uint32_t>(parts.size()), 0};
	struct sigaction act = {}, before;
	act.sa_handler = [](int) {};
	ASSERT_EQ(sigaction(SIGALRM, &act, &before), 0);
	const itimerval often = {{0, 1000}, {0, 1000}}, never = {};
	ASSERT_EQ(setitimer(ITIMER_REAL, &often, nullptr), 0);
	int written = 0;
	const bool ended_early = eventually([&] {
		written = ioctl(writer.get(), PERFBUF_IOC_WRITE, &all);
		return written < static_cast<int>(PERFBUF_WRITE_PARTS);
	});
	setitimer(ITIMER_REAL, &never, nullptr);
	sigaction(SIGALRM, &before, nullptr);
	EXPECT_TRUE(ended_early);
	EXPECT_GT(written, 0);
}

TEST_F(inject, a_wrong_write_has_its_errno)
{
	std::string too_long(PERFBUF_WRITE_MAX + 1, 'x');
	EXPECT_EQ(write(writer.get(), too_long.data(), too_long.size()), -1);
	EXPECT_EQ(errno, E2BIG);
	EXPECT_EQ(write(writer.get(), bad_address, 4), -1);
	EXPECT_EQ(errno, EFAULT);

	perfbuf_write all = {0, PERFBUF_WRITE_PARTS + 1, 0};
	EXPECT_EQ(ioctl_error(writer.get(), PERFBUF_IOC_WRITE, &all), E2BIG);
	all = {0, 1, 0};
	EXPECT_EQ(ioctl_error(writer.get(), PERFBUF_IOC_WRITE, &all), EFAULT);
	all = {0, 0, 1};
	EXPECT_EQ(ioctl_error(writer.get(), PERFBUF_IOC_WRITE, &all), EINVAL);
	all = {0, 0, 0};
	EXPECT_EQ(ioctl(writer.get(), PERFBUF_IOC_WRITE, &all), 0);
	unique_fd only_read(open(node, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(ioctl_error(only_read.get(), PERFBUF_IOC_WRITE, &all), EBADF);
	EXPECT_TRUE(said().empty());

	unique_fd clock = open_device();
	EXPECT_EQ(write(clock.get(), "x", 1), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(ioctl_error(clock.get(), PERFBUF_IOC_WRITE, &all), EINVAL);
}

TEST_F(inject, a_write_without_a_reader_is_not_stored)
{
	disable(reader.fd.get());
	ASSERT_EQ(write(writer.get(), "hello", 5), 5);
	enable(reader.fd.get());
	EXPECT_TRUE(said().empty());
}

/* The memory that writers and reader share: how far each has come. */
struct progress {
	std::atomic<uint64_t> written, read;
};

constexpr uint32_t writers = 8;
constexpr uint32_t per_writer = 125'000;
constexpr uint32_t batch = 25;
constexpr uint64_t ahead = 4000; /* records that fit into the ring of any CPU */

struct numbered {
	uint32_t writer, sequence;
};

/* One by one, and in batches. */
int write_all(uint32_t self, progress &shared)
{
	unique_fd fd(open(node, O_WRONLY | O_CLOEXEC));
	std::array<numbered, batch> said;
	std::array<perfbuf_write_part, batch> parts;
	const perfbuf_write all = {reinterpret_cast<uintptr_t>(parts.data()), batch, 0};

	for (uint32_t i = 0; i < batch; i++)
		parts[i] = {reinterpret_cast<uintptr_t>(&said[i]), sizeof(said[i])};
	for (uint32_t next = 0; next < per_writer; next += batch) {
		while (shared.written.load() > shared.read.load() + ahead)
			sched_yield();
		for (uint32_t i = 0; i < batch; i++)
			said[i] = {self, next + i};
		if (next / batch % 8 == self) {
			for (const numbered &record : said)
				if (write(fd.get(), &record, sizeof(record)) != sizeof(record))
					return 2;
		} else if (ioctl(fd.get(), PERFBUF_IOC_WRITE, &all) != batch) {
			return 3;
		}
		shared.written += batch;
	}
	return 0;
}

TEST(inject_load, a_million_records_of_8_processes_come_out_exactly_once)
{
	const shared_page<progress> page;
	progress &shared = *page;
	std::vector<event_reader> readers;
	for (int cpu : online_cpus())
		readers.emplace_back(cpu, 512);

	std::vector<pid_t> children;
	for (uint32_t i = 0; i < writers; i++) {
		const pid_t child = fork();
		if (!child)
			_exit(write_all(i, shared));
		children.push_back(child);
	}

	std::vector<std::vector<bool>> seen(writers, std::vector<bool>(per_writer));
	uint64_t received = 0, doubled = 0, lost = 0;
	const auto all_came = [&] { return received + lost >= uint64_t{writers} * per_writer; };
	const auto some_came = [&] {
		const uint64_t before = received + lost;
		for (event_reader &reader : readers) {
			for (const sample &each : reader.samples()) {
				numbered message;
				const std::string data = data_of(each);
				if (data.size() != sizeof(message))
					throw std::runtime_error("a torn record");
				memcpy(&message, data.data(), sizeof(message));
				auto mark = seen.at(message.writer).at(message.sequence);
				doubled += mark;
				mark = true;
				received++;
			}
			lost += lost_in(reader.records);
		}
		shared.read = received + lost;
		return received + lost > before;
	};
	/* However long it takes, while records come: with PREEMPT_RT a write(2) that waits for the
	 * source's lock costs two context switches. */
	while (!all_came() && eventually(some_came, std::chrono::minutes(2)))
		;
	if (!all_came())
		shared.read = ~0ULL / 2; /* lets the writers end */
	for (pid_t child : children) {
		int status = 0;
		EXPECT_EQ(waitpid(child, &status, 0), child);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(received, uint64_t{writers} * per_writer);
	EXPECT_EQ(doubled, 0u);
	EXPECT_EQ(lost, 0u);
}

} /* namespace */
