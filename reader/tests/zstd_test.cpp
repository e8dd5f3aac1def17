// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Compressed recordings: perf and our own reader read them, at each moment of their writing.
 */
#include <algorithm>
#include <array>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "perfdata/reader.hpp"
#include "perfdata_file.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;

namespace
{

perfdata::compressor make_compressor(int level)
{
	auto made = perfdata::compressor::make(level);
	EXPECT_TRUE(made) << made.error().text;
	return *std::move(made);
}

// Samples of the recording, by our own reader. Its error is added.
size_t samples_of(const std::string &path, std::string &why)
{
	const auto file = perfdata::recording::open(path);
	if (!file) {
		why = file.error().text;
		return 0;
	}
	size_t samples = 0;
	const auto done = file->each([&](const reader::record &record, const auto &, uint64_t) {
		samples += record.type() == PERF_RECORD_SAMPLE;
	});
	if (!done)
		why = done.error().text;
	return samples;
}

class ZstdRecording : public testing::Test
{
protected:
	void SetUp() override
	{
		NEED_PERF();
		if (!perfdata::has_zstd())
			GTEST_SKIP() << "built without libzstd";
	}

	void expect_samples(uint64_t count, const std::string &file = "perf.data")
	{
		const auto script = scratch.run("perf script -F comm,time,event -i " + file);
		EXPECT_EQ(script.status, 0) << script.err;
		EXPECT_EQ(script.err, "");
		EXPECT_EQ(count_lines(script.out, "clock:"), count);
		std::string why;
		EXPECT_EQ(samples_of(scratch / file, why), count);
		EXPECT_EQ(why, "");
	}

	scratch_directory scratch;
};

} // namespace

TEST_F(ZstdRecording, a_file_of_each_level_has_all_samples_and_is_smaller)
{
	ASSERT_TRUE(write_generated(scratch / "plain.data", layout::file, 1000));
	for (const int level : {1, 3, 22}) {
		const auto written =
			write_generated(scratch / "perf.data", layout::file, 1000, level);
		ASSERT_TRUE(written) << written.error().text;
		EXPECT_EQ(*written, 0u);
		expect_samples(1000);
		EXPECT_LT(std::filesystem::file_size(scratch / "perf.data") * 2,
			  std::filesystem::file_size(scratch / "plain.data"));
		const auto header = scratch.run("perf report --header-only -i perf.data");
		EXPECT_EQ(count_lines(header.out, "compressed : Zstd, level = " +
							  std::to_string(level) + ", ratio = "),
			  1u)
			<< header.out;
	}
}

TEST_F(ZstdRecording, a_pipe_with_compressed_records_is_read_to_its_end)
{
	ASSERT_TRUE(write_generated(scratch / "perf.data", layout::pipe, 1000, 1));
	const auto said = scratch.run("perf script -F comm,time,event -i - < perf.data");
	EXPECT_EQ(said.err, "");
	EXPECT_EQ(count_lines(said.out, "clock:"), 1000u);
	std::string why;
	EXPECT_EQ(samples_of(scratch / "perf.data", why), 1000u);
	EXPECT_EQ(why, "");
}

// Records that zstd cannot make smaller, so that parts have their largest size.
TEST_F(ZstdRecording, records_that_do_not_shrink_come_back_as_they_were)
{
	std::mt19937_64 random(7);
	auto attr = generated_description();
	attr.attr.sample_type |= PERF_SAMPLE_RAW;
	attr.attr.sample_type &= ~static_cast<uint64_t>(PERF_SAMPLE_CALLCHAIN);
	std::vector<std::vector<std::byte>> sent;
	{
		perfdata::writer writer(create_output(scratch / "perf.data"), layout::file,
					make_compressor(1));
		ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
		perfdata::bytes all;
		for (uint64_t number = 0; number < 100; number++) {
			const size_t raw = number % 3 ? 65460 : random() % 512 * 8 + 4;
			perfdata::bytes bytes;
			bytes.put(perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER,
						    static_cast<uint16_t>(8 + 6 * 8 + 4 + raw)});
			for (const uint64_t word :
			     {generated_id, uint64_t{0x401000}, uint64_t{77},
			      generated_time + number, uint64_t{0}, uint64_t{1}})
				bytes.put(word);
			bytes.put(static_cast<uint32_t>(raw));
			while (bytes.size() < 8 + 6 * 8 + 4 + raw)
				bytes.put(static_cast<uint32_t>(random()));
			all.put_raw(bytes.view().data(), bytes.size());
			sent.emplace_back(bytes.view().begin(), bytes.view().end());
		}
		// A ring gives its records in two pieces, which cut one of them.
		const auto view = all.view();
		const std::array<std::span<const std::byte>, 2> pieces{view.first(100'001),
								       view.subspan(100'001)};
		ASSERT_TRUE(writer.append(pieces));
		ASSERT_TRUE(writer.finish(generated_features(attr)));
	}
	const auto file = perfdata::recording::open(scratch / "perf.data");
	ASSERT_TRUE(file) << file.error().text;
	size_t at = 0;
	const auto done = file->each([&](const reader::record &record, const auto &, uint64_t) {
		ASSERT_LT(at, sent.size());
		EXPECT_TRUE(std::ranges::equal(record.bytes(), sent[at++]));
	});
	EXPECT_TRUE(done) << done.error().text;
	EXPECT_EQ(at, sent.size());
	const auto script = scratch.run("perf script -F time -i perf.data");
	EXPECT_EQ(script.err, "");
	EXPECT_EQ(count_lines(script.out, ":"), sent.size());
}

// A recorder that was killed leaves the file as it was after any of its writes.
TEST_F(ZstdRecording, a_file_whose_recorder_was_killed_has_the_rounds_before)
{
	const auto attr = generated_description();
	perfdata::writer writer(create_output(scratch / "perf.data"), layout::file,
				make_compressor(1));
	ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
	for (uint64_t number = 0; number < 400; number++) {
		if (number % 100 == 0) {
			ASSERT_TRUE(writer.round());
		}
		const auto sample = generated_sample{number}.record();
		ASSERT_TRUE(writer.append(sample.view()));
		if (number % 100 != 50 || number < 100)
			continue;
		scratch.run("cp perf.data killed.data");
		expect_samples(number / 100 * 100, "killed.data");
	}
}

TEST_F(ZstdRecording, a_compressed_file_that_was_cut_or_changed_is_damaged)
{
	ASSERT_TRUE(write_generated(scratch / "perf.data", layout::pipe, 1000, 1));
	std::string whole;
	{
		std::ifstream file(scratch / "perf.data", std::ios::binary);
		whole.assign(std::istreambuf_iterator<char>(file), {});
	}
	std::mt19937_64 random(11);
	size_t refused = 0;
	for (int round = 0; round < 200; round++) {
		std::string changed = whole;
		for (int change = 0; change < 4; change++)
			changed[whole.size() / 2 + random() % (whole.size() / 2)] =
				static_cast<char>(random());
		std::ofstream(scratch / "changed.data", std::ios::binary) << changed;
		std::string why;
		EXPECT_LE(samples_of(scratch / "changed.data", why), 2000u);
		refused += why.find("is damaged at byte") != std::string::npos;
	}
	EXPECT_GT(refused, 100u);
}
