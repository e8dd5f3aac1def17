// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The messages of perfbuf about a compressed recording that is cut, damaged or made by an attacker,
// and how much memory it takes for it.
#include <algorithm>
#include <array>
#include <fstream>
#include <gtest/gtest.h>

#include "perfdata/reader.hpp"
#include "perfdata_file.hpp"
#include "record_fixture.hpp"
#include "zstd_frame.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;

namespace
{

class HostileRecording : public testing::TestWithParam<layout>
{
protected:
	void SetUp() override
	{
		if (!perfdata::has_zstd())
			GTEST_SKIP() << "built without libzstd";
	}

	// A recording of these records, which stand in it as they are.
	void write(std::span<const std::byte> records, uint32_t part_size = 1 << 20)
	{
		const auto attr = generated_description();
		auto features = generated_features(attr);
		auto &how = features[perfdata::feature::compressed];
		for (const uint32_t word : {0u, 1u, 1u, 1u, part_size})
			how.put(word);
		perfdata::writer writer(create_output(scratch / "perf.data"), GetParam());
		ASSERT_TRUE(writer.begin({&attr, 1}, features));
		ASSERT_TRUE(writer.append(records));
		ASSERT_TRUE(writer.finish(features));
	}

	// The program's output for it, with so much memory.
	outcome script(const std::string &command = "script")
	{
		return scratch.run("ulimit -v 3000000; " + perfbuf_program + " " + command +
				   " -i perf.data");
	}

	// The samples are there, and one sentence says that what follows them is damaged.
	void expect_damage_behind(size_t samples)
	{
		const auto said = script();
		EXPECT_EQ(count_lines(said.out, " clock:"), samples) << said.err;
		EXPECT_EQ(said.status, 1);
		EXPECT_EQ(count_lines(said.err, ""), 1u) << said.err;
		EXPECT_EQ(count_lines(said.err, "perfbuf: perf.data is damaged at byte "), 1u)
			<< said.err;
		EXPECT_EQ(count_lines(said.err, ": what was before it is shown"), 1u) << said.err;
	}

	scratch_directory scratch;
};

void append(perfdata::bytes &to, const perfdata::bytes &more)
{
	to.put_raw(more.view().data(), more.size());
}

perfdata::bytes samples_from(uint64_t first, uint64_t count)
{
	perfdata::bytes all;
	for (uint64_t number = first; number < first + count; number++)
		append(all, generated_sample{number}.record());
	return all;
}

// The largest record that there is, all zeros: a few bytes of a stream.
void add_large_record(zstd_frame &to)
{
	constexpr perf_event_header header{PERF_RECORD_SAMPLE, 0, 65528};
	to.add(std::as_bytes(std::span(&header, 1)));
	to.add_zeros(header.size - sizeof(header));
}

// As large, with a time.
void add_large_sample(zstd_frame &to, uint64_t number)
{
	constexpr perf_event_header header{PERF_RECORD_SAMPLE, 0, 65528};
	perfdata::bytes start;
	start.put(header);
	const auto sample = generated_sample{number}.record();
	// Up to its period; without a chain.
	const auto fields = sample.view().subspan(sizeof(header), 6 * sizeof(uint64_t));
	start.put_raw(fields.data(), fields.size());
	to.add(start.view());
	to.add_zeros(header.size - start.size());
}

} // namespace

TEST_P(HostileRecording, records_of_each_compressed_form_are_read)
{
	perfdata::bytes records;
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	append(records, compressed_record(stream.next_part()));
	// A record that is cut between the forms.
	const auto more = samples_from(10, 10);
	stream.add(more.view().first(101));
	append(records, compressed2_record(stream.next_part()));
	stream.add(more.view().subspan(101));
	append(records, compressed2_record(stream.next_part()));
	stream.add(samples_from(20, 10).view());
	append(records, compressed_record(stream.next_part()));
	write(records.view());
	const auto said = script();
	EXPECT_EQ(said.err, "");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(count_lines(said.out, " clock:"), 30u);
	EXPECT_EQ(count_lines(said.out, " 1.000029000: clock:"), 1u) << said.out;
}

TEST_P(HostileRecording, a_compressed_record_that_lies_about_its_part_ends_it_with_one_sentence)
{
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	const auto sound = compressed_record(stream.next_part());
	stream.add(samples_from(10, 10).view());
	const auto part = stream.next_part();
	for (const uint64_t claimed : {uint64_t{part.size() + 8}, uint64_t{1} << 32, UINT64_MAX}) {
		auto records = sound;
		append(records, compressed2_record(part, claimed));
		write(records.view());
		expect_damage_behind(10);
	}
	// No space for how much it is.
	auto records = sound;
	records.put(perf_event_header{perfdata::record_compressed2, 0, 12});
	records.put(uint32_t{4});
	write(records.view());
	expect_damage_behind(10);
}

TEST_P(HostileRecording, a_cut_stream_ends_the_recording_with_one_sentence)
{
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	const auto sound = compressed_record(stream.next_part());
	stream.add(samples_from(10, 3).view());
	const auto part = stream.next_part();
	const size_t header = 3;
	const size_t size = generated_sample{0}.record().size();
	// Within the header of a block and of a record, within a record, and one byte before the
	// end.
	for (const size_t left :
	     {size_t{1}, header - 1, header, header + 4, header + size + 8, part.size() - 1}) {
		auto records = sound;
		append(records, compressed_record(part.first(left)));
		write(records.view());
		expect_damage_behind(10 + (left - std::min(left, header)) / size);
	}
}

// As a recorder leaves it whose disk was full: a record larger than a part is in two of them.
TEST_P(HostileRecording, a_record_whose_second_part_is_missing_is_left_out)
{
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	stream.add(samples_from(10, 1).view().first(50));
	write(compressed_record(stream.view()).view());
	const auto said = script();
	EXPECT_EQ(said.err, "");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(count_lines(said.out, " clock:"), 10u);
}

TEST_P(HostileRecording, a_damaged_stream_loses_nothing_that_is_before_the_damage)
{
	// In one record: a block that is sound, and one that is none.
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	stream.add_nonsense();
	write(compressed_record(stream.view()).view());
	expect_damage_behind(10);

	// No stream at all.
	perfdata::bytes records = samples_from(0, 10);
	append(records, compressed_record(std::as_bytes(std::span("no zstd at all!", 15))));
	write(records.view());
	expect_damage_behind(10);

	// A window larger than any that perf's own levels have.
	records = samples_from(0, 10);
	zstd_frame large(28);
	large.add(samples_from(10, 10).view());
	append(records, compressed_record(large.view()));
	write(records.view());
	expect_damage_behind(10);

	// A record within that is compressed itself.
	records = samples_from(0, 10);
	zstd_frame outer, inner;
	inner.add(samples_from(10, 10).view());
	outer.add(compressed_record(inner.view()).view());
	append(records, compressed_record(outer.view()));
	write(records.view());
	expect_damage_behind(10);
}

TEST_P(HostileRecording, a_record_that_becomes_larger_than_the_file_says_is_damaged)
{
	perfdata::bytes records;
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	append(records, compressed_record(stream.next_part()));
	for (int number = 0; number < 1000; number++)
		add_large_record(stream);
	append(records, compressed_record(stream.next_part()));
	write(records.view());
	const auto said = script("export --format json -o out.json");
	EXPECT_EQ(said.status, 1);
	EXPECT_EQ(count_lines(said.err, "is damaged at byte "), 1u) << said.err;
	// The records before are there, and no more of the others than the file allows: of a
	// megabyte, and the bytes that the stream may have held back.
	const auto lines = count_lines(scratch.run("cat out.json").out, "clock");
	EXPECT_GE(lines, 10u);
	EXPECT_LE(lines, 10u + 33u);
}

TEST_P(HostileRecording, a_round_of_any_size_is_read_in_bounded_memory)
{
	// Half a megabyte, in which there are more than 4 GiB of records.
	perfdata::bytes records;
	zstd_frame stream;
	size_t large = 0;
	while (large * 65528 <= uint64_t{4} << 30) {
		for (int number = 0; number < 4000; number++, large++)
			add_large_record(stream);
		append(records, compressed_record(stream.next_part()));
	}
	write(records.view(), UINT32_MAX);
	ASSERT_LT(std::filesystem::file_size(scratch / "perf.data"), 2u << 20);
	const auto said = scratch.run("ulimit -v 3000000; " + perfbuf_program +
				      " script -i perf.data | grep -c clock:");
	EXPECT_EQ(said.out, std::to_string(large) + "\n") << said.err;
}

// 590 MB of records of one round, and then older ones.
TEST_P(HostileRecording, records_that_cannot_be_sorted_with_the_others_are_counted)
{
	perfdata::bytes records;
	zstd_frame stream;
	for (uint64_t number = 1000; number < 10000; number++) {
		add_large_sample(stream, number);
		if (number % 1000 == 999)
			append(records, compressed_record(stream.next_part()));
	}
	stream.add(samples_from(0, 10).view());
	append(records, compressed_record(stream.next_part()));
	write(records.view(), UINT32_MAX);
	const auto said = scratch.run("ulimit -v 3000000; " + perfbuf_program +
				      " script -i perf.data | grep -c clock:");
	EXPECT_EQ(said.out, "9010\n");
	EXPECT_EQ(said.err, "perfbuf: perf.data: 10 records come after newer ones: its rounds are "
			    "too large to be sorted whole\n");
}

TEST_P(HostileRecording, a_summary_has_the_samples_before_the_damage)
{
	zstd_frame stream;
	stream.add(samples_from(0, 10).view());
	stream.add_nonsense();
	write(compressed_record(stream.view()).view());
	for (const std::string format : {"folded", "speedscope", "perfetto"}) {
		const auto said = script("export --format " + format + " -o out");
		EXPECT_EQ(said.status, 1) << format;
		EXPECT_EQ(count_lines(said.err, ": what was before it is shown"), 1u) << said.err;
		EXPECT_EQ(count_lines(said.err, "10 samples -> out"), 1u) << said.err;
		EXPECT_NE(std::filesystem::file_size(scratch / "out"), 0u) << format;
	}
	const auto said = script("flame -o out.html");
	EXPECT_EQ(said.status, 1);
	EXPECT_TRUE(std::filesystem::exists(scratch / "out.html")) << said.err;
}

INSTANTIATE_TEST_SUITE_P(Layouts, HostileRecording, testing::Values(layout::file, layout::pipe),
			 [](const auto &of) {
				 return std::string(of.param == layout::file ? "file" : "pipe");
			 });
