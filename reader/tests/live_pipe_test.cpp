// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf script -i - of a pipe: what is complete is printed while the pipe goes on.
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "perfdata_file.hpp"
#include "record_fixture.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class LivePipe : public testing::Test
{
protected:
	// Where the records of each round end in the file.
	std::vector<size_t> rounds()
	{
		std::ifstream file(scratch / "perf.data", std::ios::binary);
		const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
		std::vector<size_t> found;
		perf_event_header header;
		for (size_t at = sizeof(perfdata::pipe_header); at + sizeof(header) <= all.size();
		     at += header.size) {
			std::memcpy(&header, all.data() + at, sizeof(header));
			if (header.type == perfdata::record_finished_round)
				found.push_back(at + header.size);
		}
		return found;
	}

	scratch_directory scratch;
};

constexpr const char *wait_for_lines =
	"samples() { grep -c clock: out; }\n"
	"wait_for() { tries=0; while [ $(samples) -lt $1 ] && [ $tries -lt 600 ]; do "
	"sleep 0.1; tries=$((tries+1)); done; samples; }\n";

} // namespace

TEST_F(LivePipe, samples_are_printed_when_their_round_is_complete_and_the_pipe_goes_on)
{
	for (const int level : {0, 1}) {
		if (level && !perfdata::has_zstd())
			continue;
		ASSERT_TRUE(
			write_generated(scratch / "perf.data", perfdata::layout::pipe, 500, level));
		const auto ends = rounds();
		ASSERT_EQ(ends.size(), 5u);
		// The third round says that what the second one had is complete.
		const auto said = scratch.run(fmt::format(
			"{}rm -f pipe; mkfifo pipe; {} script -i - < pipe > out & exec 8> pipe\n"
			"head -c {} perf.data >&8; wait_for 200\n"
			"tail -c +{} perf.data | head -c {} >&8; wait_for 300\n"
			"tail -c +{} perf.data >&8; exec 8>&-; wait $!; echo status $?\n"
			"samples",
			wait_for_lines, perfbuf_program, ends[2], ends[2] + 1, ends[3] - ends[2],
			ends[3] + 1));
		EXPECT_EQ(said.out, "200\n300\nstatus 0\n500\n") << said.err;
		EXPECT_EQ(said.err, "");
		const auto whole =
			scratch.run(perfbuf_program + " script -i perf.data | cmp - out");
		EXPECT_EQ(whole.out, "") << "the same as of a file";
	}
}

TEST_F(LivePipe, a_pipe_of_any_length_is_read_in_bounded_memory)
{
	constexpr uint16_t size = 65528;
	const auto attr = generated_description();
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::pipe);
	ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
	for (uint64_t number = 0; number < 100; number++) {
		auto sample = generated_sample{number}.record();
		sample.patch(0, perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, size});
		sample.zeros(size - sample.size());
		ASSERT_TRUE(writer.append(sample.view()));
		if (number % 10 == 0) {
			ASSERT_TRUE(writer.round());
		}
	}
	ASSERT_TRUE(writer.finish(generated_features(attr)));
	const size_t head = rounds().front() - 8 - size;
	const auto said = scratch.run(fmt::format(
		"(cat perf.data; for each in $(seq 99); do tail -c +{} perf.data; done) | "
		"(ulimit -v 300000; {} script -i -) | grep -c clock:",
		head + 1, perfbuf_program));
	EXPECT_EQ(said.out, "10000\n") << said.err;
	EXPECT_EQ(said.err, "");
}

TEST_F(LivePipe, a_pipe_that_is_cut_shows_what_was_before_and_says_where)
{
	ASSERT_TRUE(write_generated(scratch / "perf.data", perfdata::layout::pipe, 500));
	const auto ends = rounds();
	for (const size_t more : {size_t{1}, size_t{7}, size_t{9}, size_t{80}}) {
		const auto said = scratch.run(fmt::format("head -c {} perf.data | {} script -i -",
							  ends[1] + more, perfbuf_program));
		EXPECT_EQ(said.status, 1);
		EXPECT_EQ(count_lines(said.out, " clock:"), 200u);
		EXPECT_EQ(said.err, fmt::format("perfbuf: - is damaged at byte {}: what was before "
						"it is shown\n",
						ends[1]));
	}
	const auto said = scratch.run("head -c 40 perf.data | " + perfbuf_program + " script -i -");
	EXPECT_EQ(said.status, 1);
	EXPECT_EQ(count_lines(said.err, ""), 1u) << said.err;
}

TEST_F(LivePipe, events_that_are_described_by_more_than_256_MiB_are_refused)
{
	perfdata::bytes start;
	start.put(perfdata::pipe_header{});
	perfdata::bytes record;
	record.put(perf_event_header{perfdata::record_header_feature, 0, 65528});
	record.put(uint64_t{255});
	record.zeros(65528 - record.size());
	std::ofstream file(scratch / "perf.data", std::ios::binary);
	file.write(reinterpret_cast<const char *>(start.view().data()),
		   static_cast<std::streamsize>(start.size()));
	for (int number = 0; number < 100; number++)
		file.write(reinterpret_cast<const char *>(record.view().data()),
			   static_cast<std::streamsize>(record.size()));
	file.close();
	const auto said = scratch.run(fmt::format(
		"(cat perf.data; for each in $(seq 99); do tail -c +17 perf.data; done) | "
		"(ulimit -v 1500000; {} script -i -)",
		perfbuf_program));
	EXPECT_EQ(said.status, 1);
	EXPECT_EQ(said.err, "perfbuf: - has events that are described by more than 256 MiB: give a "
			    "file that perfbuf record or perf record wrote\n");
}
