// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// A file that may not grow (RLIMIT_FSIZE) at every point where it can happen.
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/resource.h>

#include <perfbuf/perf_data.hpp>

#include "perfdata_file.hpp"
#include "program/failure.hpp"
#include "program/process_rings.hpp"
#include "record_fixture.hpp"
#include "recorder_files.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class file_size_limit
{
public:
	explicit file_size_limit(uint64_t bytes)
	{
		::signal(SIGXFSZ, SIG_IGN);
		::getrlimit(RLIMIT_FSIZE, &before_);
		const rlimit limit{bytes, before_.rlim_max};
		::setrlimit(RLIMIT_FSIZE, &limit);
	}
	~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
	rlimit before_;
};

struct content {
	uint64_t records = 0;
	uint64_t features = 0;
	bool whole = false; // records end where the header says, features where the file ends
};

content examine(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
	perfdata::file_header header;
	content found;
	if (all.size() < sizeof(header))
		return found;
	std::memcpy(&header, all.data(), sizeof(header));
	uint64_t at = header.data.offset;
	const uint64_t end = at + header.data.size;
	while (at + sizeof(perf_event_header) <= end && end <= all.size()) {
		perf_event_header record;
		std::memcpy(&record, all.data() + at, sizeof(record));
		if (!reader::plausible_size(record.size, end - at))
			return found;
		at += record.size;
		found.records++;
	}
	for (const uint64_t word : header.features)
		found.features += static_cast<uint64_t>(std::popcount(word));
	uint64_t reached = end + found.features * sizeof(perfdata::section);
	for (uint64_t which = 0; which < found.features; which++) {
		perfdata::section section;
		if (end + (which + 1) * sizeof(section) > all.size())
			return found;
		std::memcpy(&section, all.data() + end + which * sizeof(section), sizeof(section));
		if (section.offset != reached)
			return found;
		reached += section.size;
	}
	found.whole = at == end && reached == all.size();
	return found;
}

} // namespace

TEST(FullDisk, FileIsCutToWholeRecordsWhereverItStops)
{
	const scratch_directory scratch;
	const auto path = scratch / "perf.data";
	ASSERT_TRUE(write_generated(path, perfdata::layout::file, 300));
	const auto full = examine(path);
	ASSERT_TRUE(full.whole);
	const uint64_t size = std::filesystem::file_size(path);
	const uint64_t features = full.features;

	// Every alignment, in the records as in the features behind them.
	for (uint64_t limit = size - 8; limit > 20'000; limit -= limit > size - 4000 ? 56 : 1009) {
		reader::result<uint64_t> given_up = uint64_t{0};
		{
			const file_size_limit no_more(limit);
			given_up = write_generated(path, perfdata::layout::file, 300);
		}
		ASSERT_TRUE(given_up) << "limit " << limit;
		EXPECT_GT(*given_up, 0u);
		const auto left = examine(path);
		ASSERT_TRUE(left.whole) << "limit " << limit;
		ASSERT_EQ(left.features, features) << "limit " << limit;
		ASSERT_LT(left.records, full.records);
		ASSERT_LE(std::filesystem::file_size(path), limit);
	}
}

TEST(FullDisk, AFileWithoutSpaceForItsFeaturesHasItsRecords)
{
	const scratch_directory scratch;
	const auto path = scratch / "perf.data";
	const file_size_limit no_more(3000);
	ASSERT_TRUE(write_generated(path, perfdata::layout::file, 300));
	const auto left = examine(path);
	EXPECT_TRUE(left.whole);
}

TEST(FullDisk, a_file_without_space_for_its_header_is_left_empty)
{
	const scratch_directory scratch;
	const auto path = scratch / "perf.data";
	const auto attr = generated_description();
	const auto features = generated_features(attr);
	size_t empty = 0, whole = 0;
	for (uint64_t limit = 0; limit < 2000; limit += 24) {
		const file_size_limit no_more(limit);
		perfdata::writer writer(create_output(path), perfdata::layout::file);
		const auto begun = writer.begin({&attr, 1}, features);
		const auto finished = writer.finish(features);
		EXPECT_TRUE(begun || !finished) << "limit " << limit;
		const auto size = std::filesystem::file_size(path);
		ASSERT_LE(size, limit);
		empty += size == 0;
		if (size) {
			ASSERT_TRUE(examine(path).whole) << "limit " << limit;
			whole++;
		}
	}
	EXPECT_GT(empty, 5u);
	EXPECT_GT(whole, 20u);
}

TEST(FullDisk, a_file_of_the_library_without_space_for_its_header_is_left_empty)
{
	const scratch_directory scratch;
	const auto path = scratch / "perf.data";
	reader::described_event event;
	event.name = "clock";
	event.attr = generated_attr();
	event.ids = {generated_id};
	size_t refused = 0, created = 0;
	for (uint64_t limit = 0; limit < 1000; limit += 24) {
		const file_size_limit no_more(limit);
		const auto made = reader::perf_data_writer::create(path, {&event, 1});
		created += static_cast<bool>(made);
		if (!made) {
			refused++;
			ASSERT_EQ(std::filesystem::file_size(path), 0u) << "limit " << limit;
		}
	}
	EXPECT_GT(refused, 5u);
	EXPECT_GT(created, 20u);
}

TEST(FullDisk, perfbuf_recover_leaves_a_file_that_has_what_there_was_space_for)
{
	const scratch_directory scratch;
	const auto snapshot = recorder_files::make_snapshot(recorder_files::write_rings(1000));
	std::ofstream(scratch / "snapshot", std::ios::binary)
		.write(reinterpret_cast<const char *>(snapshot.data()),
		       static_cast<std::streamsize>(snapshot.size()));
	const auto recover = [&](const std::string &limit) {
		return scratch.run("trap '' XFSZ; ulimit -f " + limit + "; rm -f perf.data; " +
				   perfbuf_program + " recover -o perf.data snapshot");
	};
	ASSERT_EQ(recover("unlimited").status, 0);
	const auto full = examine(scratch / "perf.data");
	ASSERT_TRUE(full.whole);
	for (const char *limit : {"16", "21"}) { // of 512 bytes
		const auto said = recover(limit);
		EXPECT_EQ(said.status, 1);
		EXPECT_EQ(count_lines(said.err, "File too large"), 1u) << said.err;
		const auto left = examine(scratch / "perf.data");
		EXPECT_TRUE(left.whole) << "limit " << limit;
		EXPECT_EQ(left.features, full.features);
		EXPECT_GT(left.records, 10u);
		EXPECT_LT(left.records, full.records);
	}
	EXPECT_EQ(recover("0").status, 1);
	EXPECT_EQ(std::filesystem::file_size(scratch / "perf.data"), 0u);
}

TEST(FullDisk, perfbuf_dump_of_a_process_leaves_a_file_that_has_what_there_was_space_for)
{
	const scratch_directory scratch;
	const program::source clock{"clock", {}, {}};
	program::process_rings rings;
	rings.files.push_back({&clock, generated_attr(), generated_id, 1});
	rings.rings.push_back({1, {}});
	auto &bytes = rings.rings.front().copied.bytes;
	for (uint64_t number = 0; number < 300; number++) {
		const auto record = generated_sample{number}.record();
		bytes.insert(bytes.end(), record.view().begin(), record.view().end());
	}
	const auto path = scratch / "perf.data";
	const auto dump = [&] {
		return program::write_process_dump(
			rings,
			reader::unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)),
			{"perfbuf", "dump", "--pid", "1"});
	};
	ASSERT_EQ(dump().records, 300u);
	const auto full = examine(path);
	ASSERT_TRUE(full.whole);
	ASSERT_EQ(full.records, 300u);
	const uint64_t size = std::filesystem::file_size(path);
	for (uint64_t limit = size - 8; limit > 6'000; limit -= 1009) {
		const file_size_limit no_more(limit);
		EXPECT_THROW(dump(), program::failure) << "limit " << limit;
		const auto left = examine(path);
		ASSERT_TRUE(left.whole) << "limit " << limit;
		ASSERT_EQ(left.features, full.features) << "limit " << limit;
		ASSERT_GT(left.records, 0u) << "limit " << limit;
		ASSERT_LT(left.records, full.records) << "limit " << limit;
		ASSERT_LE(std::filesystem::file_size(path), limit);
	}
	const file_size_limit nothing(0);
	EXPECT_THROW(dump(), program::failure);
	EXPECT_EQ(std::filesystem::file_size(path), 0u);
}

TEST(FullDisk, PerfAcceptsTheFileThatAFullDiskLeft)
{
	NEED_PERF();
	const scratch_directory scratch;
	{
		const file_size_limit no_more(50'001);
		const auto given_up =
			write_generated(scratch / "perf.data", perfdata::layout::file, 1000);
		ASSERT_TRUE(given_up);
		EXPECT_GT(*given_up, 0u);
	}
	for (const char *command : {"perf report --stdio -i perf.data", "perf script -i perf.data",
				    "perf report --header-only -i perf.data"}) {
		const auto said = scratch.run(command);
		EXPECT_EQ(said.status, 0) << command;
		EXPECT_EQ(said.err, "") << command;
	}
	EXPECT_GT(count_lines(scratch.run("perf script -i perf.data -F event,time").out, "clock:"),
		  100u);
}

TEST(FullDisk, MarksFarApartStillFindTheRecordsEnd)
{
	// More than a megabyte, so that the walk starts at a mark in the middle.
	const scratch_directory scratch;
	const auto path = scratch / "perf.data";
	const file_size_limit no_more(2'500'003);
	const auto given_up = write_generated(path, perfdata::layout::file, 40'000);
	ASSERT_TRUE(given_up);
	EXPECT_GT(*given_up, 0u);
	const auto left = examine(path);
	EXPECT_TRUE(left.whole);
	EXPECT_GT(left.records, 20'000u);
}
