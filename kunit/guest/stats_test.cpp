// SPDX-License-Identifier: GPL-2.0
/* The page of statistics: PERFBUF_MMAP_STATS. */
#include <cerrno>
#include <memory>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/mman.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

class stats_page
{
public:
	explicit stats_page(int fd)
		: base_(mmap(nullptr, page_size(), PROT_READ, MAP_SHARED, fd, PERFBUF_MMAP_STATS))
	{
		if (base_ == MAP_FAILED)
			fail_errno("mmap of the statistics", errno);
	}
	~stats_page() { munmap(base_, page_size()); }
	stats_page(const stats_page &) = delete;

	const volatile perfbuf_ring_stats *operator->() const
	{
		return static_cast<const volatile perfbuf_ring_stats *>(base_);
	}
	void *base() const { return base_; }

private:
	void *base_;
};

int stats_error(int fd, size_t bytes, int prot = PROT_READ, int flags = MAP_SHARED)
{
	return map_error(fd, bytes, prot, flags, PERFBUF_MMAP_STATS);
}

TEST(stats, statistics_are_mapped_alone_and_read_only)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	EXPECT_EQ(stats_error(fd.get(), page_size()), EINVAL) << "there is no ring yet";
	mapping m(fd.get(), 2);
	EXPECT_EQ(stats_error(fd.get(), page_size()), 0);
	EXPECT_EQ(stats_error(fd.get(), 2 * page_size()), EINVAL);
	EXPECT_EQ(stats_error(fd.get(), page_size(), PROT_READ | PROT_WRITE), EACCES);
	EXPECT_EQ(stats_error(fd.get(), page_size(), PROT_READ, MAP_PRIVATE), EINVAL);
}

TEST(stats, statistics_cannot_be_written_after_mprotect)
{
	const outcome result = run_in_child([] {
		unique_fd fd = must_open(side::clock, clock_attr());
		mapping m(fd.get(), 2);
		stats_page stats(fd.get());
		if (mprotect(stats.base(), page_size(), PROT_READ | PROT_WRITE))
			return 0;
		*static_cast<volatile char *>(stats.base()) = 1;
		return 1;
	});
	EXPECT_TRUE(result.signal == SIGBUS || result.clean()) << result.signal;
}

TEST(stats, statistics_agree_with_the_records_that_were_read)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(200'000);
	attr.read_format = PERF_FORMAT_LOST;
	unique_fd fd = must_open(side::clock, attr, target::every_process(0));
	ring buffer(fd.get(), 2);
	stats_page stats(fd.get());
	EXPECT_EQ(stats->size, sizeof(perfbuf_ring_stats));
	EXPECT_EQ(stats->version, 0u);
	EXPECT_EQ(stats->records, 0u);

	std::vector<record> records;
	enable(fd.get());
	/* Each round: wait until the ring is full and loses records, then read it. */
	for (int turn = 0; turn < 5; turn++) {
		const uint64_t before = stats->lost[PERFBUF_LOST_FULL];
		ASSERT_TRUE(eventually([&] { return stats->lost[PERFBUF_LOST_FULL] > before; }));
		buffer.drain(records);
	}
	disable(fd.get());
	buffer.drain(records);

	EXPECT_EQ(stats->records, records.size() - count(records, PERF_RECORD_LOST));
	EXPECT_EQ(stats->bytes, buffer.head());
	EXPECT_EQ(stats->lost[PERFBUF_LOST_FULL], read_value(fd.get(), 1));
	EXPECT_EQ(stats->lost[PERFBUF_LOST_PAUSED], 0u);
	EXPECT_GE(stats->wakeups, 5u) << "a full ring wakes its reader";
	EXPECT_GT(stats->high_water, buffer.data_bytes() / 2);
	EXPECT_LT(stats->high_water, buffer.data_bytes());
	EXPECT_GE(stats->nesting, 1u);
	EXPECT_GT(stats->longest, 0u);
}

TEST(stats, statistics_distinguish_a_pause_from_a_full_ring)
{
	spinner busy(0);
	unique_fd fd = must_open(side::clock, clock_attr(), target::every_process(0));
	ring buffer(fd.get(), 16);
	stats_page stats(fd.get());
	control(fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	enable(fd.get());
	EXPECT_TRUE(eventually([&] { return stats->lost[PERFBUF_LOST_PAUSED] > 2; }));
	EXPECT_EQ(stats->lost[PERFBUF_LOST_FULL], 0u);
	EXPECT_EQ(stats->records, 0u);
}

TEST(stats, statistics_of_a_silent_ring_show_no_wakeup)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr();
	attr.wakeup_events = 1;
	unique_fd fd = must_open(side::clock, attr, target::every_process(0));
	perfbuf_ring wanted = {.size = sizeof(wanted), .flags = PERFBUF_RING_NO_WAKEUP};
	control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
	ring buffer(fd.get(), 4);
	stats_page stats(fd.get());
	enable(fd.get());
	EXPECT_TRUE(eventually([&] { return stats->records > 10; }));
	EXPECT_EQ(stats->wakeups, 0u);

	wanted.flags = 0;
	control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
	buffer.drain();
	EXPECT_TRUE(eventually([&] {
		buffer.drain();
		return stats->wakeups > 0;
	}));
}

TEST(stats, statistics_outlive_the_data_and_the_file)
{
	spinner busy(0);
	unique_fd fd = must_open(side::clock, clock_attr(), target::every_process(0));
	auto buffer = std::make_unique<ring>(fd.get(), 4);
	stats_page stats(fd.get());
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return stats->records > 3; }));
	buffer.reset();
	const uint64_t then = stats->records;
	fd.reset();
	EXPECT_GE(stats->records, then);
}

TEST(stats, mapped_statistics_keep_the_charge_of_their_memory)
{
	const long before = status_value("VmPin");
	unique_fd fd = must_open(side::clock, clock_attr());
	auto buffer = std::make_unique<ring>(fd.get(), 1024);
	auto stats = std::make_unique<stats_page>(fd.get());
	const long mapped = status_value("VmPin");
	ASSERT_GT(mapped, before);
	buffer.reset();
	EXPECT_EQ(status_value("VmPin"), mapped) << "the page keeps the ring";
	stats.reset();
	EXPECT_EQ(status_value("VmPin"), before);
}

} /* namespace */
