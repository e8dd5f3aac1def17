// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// From the rings into perf.data, on memory in place of the kernel's ring.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program/drain.hpp"

using namespace perfbuf;
using namespace perfbuf::program;

namespace
{

reader::unique_fd memory_file(size_t size)
{
	reader::unique_fd fd(::memfd_create("perfbuf-test", MFD_CLOEXEC));
	EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
	return fd;
}

perf_event_attr with_time()
{
	perf_event_attr attr{};
	attr.size = sizeof(attr);
	attr.sample_type = PERF_SAMPLE_TIME;
	return attr;
}

struct stamped {
	perf_event_header header{PERF_RECORD_SAMPLE, 0, sizeof(stamped)};
	uint64_t time;
};

class Drain : public testing::Test
{
protected:
	Drain()
	{
		file.emplace(memory_file(3 * reader::page_size()));
		auto area = reader::mapping::map(*file, 2);
		page = area->user_page();
		data = const_cast<std::byte *>(area->data().data());
		reader::ring ring(page, area->data());
		rings.push_back({0, *std::move(area), std::move(ring), 0, {}, {}});
		const perfdata::described_attr attr{with_time(), {}, "event", {}};
		EXPECT_TRUE(to.begin({&attr, 1}, {}));
	}

	// A pass that finds a record of this time. @return was a FINISHED_ROUND written?
	bool ends_a_round(uint64_t time, std::optional<uint64_t> fence)
	{
		const stamped record{.time = time};
		std::memcpy(data + page->data_head, &record, sizeof(record));
		page->data_head += sizeof(record);
		const uint64_t before = to.size();
		EXPECT_TRUE(drain.pass(rings, fence));
		return to.size() - before > sizeof(record);
	}

	std::optional<reader::file> file;
	std::vector<cpu_ring> rings;
	perf_event_mmap_page *page;
	std::byte *data;
	perfdata::writer to{perfdata::output(memory_file(0)), perfdata::layout::file};
	program::drain drain{with_time(), &to};
};

} // namespace

TEST_F(Drain, APassEndsARoundOnlyIfTheFenceIsBehindTheNewestRecordOfTheRoundBefore)
{
	EXPECT_TRUE(ends_a_round(1000, 500));
	// A record of 950 may still come, which perf would put behind that of 1000.
	EXPECT_FALSE(ends_a_round(900, 1000));
	EXPECT_FALSE(ends_a_round(950, 999));
	EXPECT_TRUE(ends_a_round(1200, 1001));
	EXPECT_FALSE(ends_a_round(1100, 1200));
	EXPECT_TRUE(ends_a_round(1300, 1201));
}

TEST_F(Drain, EveryPassEndsARoundWithoutAFence)
{
	EXPECT_TRUE(ends_a_round(1000, std::nullopt));
	EXPECT_TRUE(ends_a_round(900, std::nullopt));
}

// --exclude-perf
TEST_F(Drain, SamplesOfAProcessThatIsLeftOutAreNeitherWrittenNorCounted)
{
	struct of_process {
		perf_event_header header{PERF_RECORD_SAMPLE, 0, sizeof(of_process)};
		uint32_t pid;
		uint32_t tid;
		uint64_t time;
	};
	perf_event_attr attr = with_time();
	attr.sample_type |= PERF_SAMPLE_TID;
	for (const bool left_out : {false, true}) {
		program::drain of{attr, &to};
		if (left_out)
			of.leave_out(7);
		const uint64_t before = to.size();
		for (const uint32_t pid : {7u, 8u, 7u, 9u}) {
			const of_process record{.pid = pid, .tid = 70, .time = 1000};
			std::memcpy(data + page->data_head, &record, sizeof(record));
			page->data_head += sizeof(record);
		}
		ASSERT_TRUE(of.pass(rings, 0));
		EXPECT_EQ(of.seen().samples, left_out ? 2u : 4u);
		EXPECT_EQ(to.size() - before, (left_out ? 2 : 4) * sizeof(of_process));
	}
}
