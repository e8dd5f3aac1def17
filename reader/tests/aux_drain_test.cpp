// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// From an AUX area into the file of a trace, on memory that plays the kernel's part.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program/aux_drain.hpp"
#include "program/drain.hpp"
#include "tracefile/reader.hpp"

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

// A file whose ring and area are two pages each: what it has to say is written into its memory.
class AuxDrain : public testing::Test
{
protected:
	static constexpr size_t pages = 2;

	AuxDrain()
	{
		files.emplace_back(memory_file((1 + 2 * pages) * reader::page_size()));
		auto area = reader::mapping::map(files[0], pages);
		auto aux = reader::aux_area::map(files[0], *area, pages);
		page = area->user_page();
		data = const_cast<std::byte *>(area->data().data());
		reader::ring ring(page, area->data());
		rings.push_back({0, *std::move(area), std::move(ring), 0, *std::move(aux), {}});
		EXPECT_TRUE(to.begin({}));
	}

	// So many bytes more stand in the area, and their record in the ring.
	void produce(uint64_t bytes, uint64_t flags = 0)
	{
		const struct {
			perf_event_header header{PERF_RECORD_AUX, 0, 32};
			uint64_t offset, size, flags;
		} aux_record{.offset = page->aux_head, .size = bytes, .flags = flags};
		std::memcpy(data + page->data_head % (pages * reader::page_size()), &aux_record,
			    sizeof(aux_record));
		page->data_head += sizeof(aux_record);
		page->aux_head += bytes;
	}

	void look() { drain.read_positions(rings); }
	// The rest of a round.
	void take(bool go_on = true)
	{
		EXPECT_TRUE(records.pass(rings));
		EXPECT_TRUE(drain.pass(rings, files, go_on));
	}
	void last_round()
	{
		look();
		take(false);
	}

	// The bytes of the stream that the file has.
	std::vector<tracefile::chunk_place> chunks()
	{
		EXPECT_TRUE(to.finish({}));
		auto file = tracefile::reader_file::open(to.release_file(), "FILE");
		EXPECT_TRUE(file);
		return file && file->streams().contains(0) ? file->streams().at(0)
							   : std::vector<tracefile::chunk_place>();
	}

	std::vector<reader::file> files;
	std::vector<cpu_ring> rings;
	perf_event_mmap_page *page;
	std::byte *data;
	tracefile::writer to{memory_file(0)};
	aux_drain drain{to};
	program::drain records{perf_event_attr{}, nullptr};
};

} // namespace

TEST_F(AuxDrain, AFullAreaIsReportedAfterItsBytes)
{
	produce(64);
	produce(64, PERF_AUX_FLAG_TRUNCATED);
	look();
	take();
	produce(8);
	last_round();
	EXPECT_EQ(drain.full(), 1u);
	const auto got = chunks();
	ASSERT_EQ(got.size(), 2u);
	EXPECT_EQ(got[0].size, 128u);
	EXPECT_TRUE(got[0].was_full);
	EXPECT_FALSE(got[1].was_full);
}

TEST_F(AuxDrain, ARecordOfLaterBytesWaitsForThem)
{
	produce(64);
	look();
	// While the rings are read, the rest of the area fills.
	produce(128, PERF_AUX_FLAG_TRUNCATED);
	take();
	EXPECT_EQ(drain.full(), 0u) << "of these bytes nothing was said";
	EXPECT_EQ(page->aux_tail, 64u);
	last_round();
	EXPECT_EQ(drain.full(), 1u);
	const auto got = chunks();
	ASSERT_EQ(got.size(), 2u);
	EXPECT_FALSE(got[0].was_full);
	EXPECT_EQ(got[1].position, 64u);
	EXPECT_EQ(got[1].size, 128u);
	EXPECT_TRUE(got[1].was_full);
}

TEST_F(AuxDrain, AFullAreaIsReportedWithoutNewBytes)
{
	produce(64);
	look();
	take();
	produce(0, PERF_AUX_FLAG_TRUNCATED);
	last_round();
	const auto got = chunks();
	ASSERT_EQ(got.size(), 2u);
	EXPECT_EQ(got[1].size, 0u);
	EXPECT_TRUE(got[1].was_full);
}
