// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recordings are read back: ours, perf's, and damaged ones.
#include <fstream>
#include <gtest/gtest.h>

#include "perfdata/reader.hpp"
#include "perfdata/tracing_data.hpp"
#include "run_command.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;
using perfdata::recording;

namespace
{

class Recording : public testing::TestWithParam<layout>
{
protected:
	scratch_directory scratch;
};

std::string slurp(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_P(Recording, records_of_the_writer_are_read_back_one_by_one)
{
	ASSERT_TRUE(write_generated(scratch / "perf.data", GetParam(), 1234));
	const auto read = recording::open(scratch / "perf.data");
	ASSERT_TRUE(read) << read.error().text;
	ASSERT_EQ(read->events().size(), 1u);
	EXPECT_EQ(read->events()[0].name, "clock");
	EXPECT_EQ(read->events()[0].attr.sample_type, generated_attr().sample_type);
	EXPECT_EQ(read->build_ids().count("/bin/true"), 1u);
	uint64_t next = 0;
	uint64_t last = 0;
	ASSERT_TRUE(read->each([&](const reader::record &record,
				   const perfdata::recorded_event &event, uint64_t time) {
		EXPECT_GE(time, last);
		last = time;
		if (record.type() != PERF_RECORD_SAMPLE)
			return;
		const auto expected = generated_sample{next++}.record();
		EXPECT_TRUE(std::equal(record.bytes().begin(), record.bytes().end(),
				       expected.view().begin(), expected.view().end()));
		EXPECT_EQ(&event, &read->events()[0]);
	}));
	EXPECT_EQ(next, 1234u);
}

TEST_P(Recording, perf_script_prints_the_fields_of_typed_events)
{
	using namespace perfdata;
	std::vector<described_attr> attrs{typed_description("my-dev:all", typed_id, all_file),
					  typed_description("other:one", other_id, other_file)};
	writer writer(create_output(scratch / "perf.data"), GetParam());
	feature_map features;
	add_host_features(features, "perfbuf test");
	add_event_description(features, attrs);
	add_tracing_data(features, attrs);
	ASSERT_TRUE(writer.begin(attrs, features));
	ASSERT_TRUE(writer.append(typed_sample(largest_values(), other_id, other_file, 20).view()));
	ASSERT_TRUE(writer.append(typed_sample(smallest_values(), typed_id, all_file, 10).view()));
	ASSERT_TRUE(writer.finish(features));
	const auto read = recording::open(scratch / "perf.data");
	ASSERT_TRUE(read) << read.error().text;
	std::vector<std::string> names;
	ASSERT_TRUE(read->each(
		[&](const reader::record &record, const recorded_event &event, uint64_t) {
			names.push_back(event.name);
			const auto sample = event.decoder.decode_sample(record);
			ASSERT_TRUE(sample && event.format);
			EXPECT_EQ(event.format->find("a_u8")->integer(sample->raw),
				  event.name == "other:one" ? 255u : 0u);
		}));
	EXPECT_EQ(names, (std::vector<std::string>{"my-dev:all", "other:one"})) << "by time";
}

TEST_P(Recording, a_file_that_is_cut_or_changed_anywhere_is_an_error_or_shorter)
{
	ASSERT_TRUE(write_generated(scratch / "perf.data", GetParam(), 3));
	const std::string whole = slurp(scratch / "perf.data");
	ASSERT_GT(whole.size(), 100u);
	size_t read_well = 0;
	const auto attempt = [&](const std::string &content) {
		std::ofstream(scratch / "bad.data", std::ios::binary) << content;
		const auto read = recording::open(scratch / "bad.data");
		size_t count = 0;
		if (read)
			read_well += static_cast<bool>(
				read->each([&](const auto &record, const auto &event, uint64_t) {
					(void)event.decoder.decode(record);
					count++;
				}));
		EXPECT_LE(count, 10000u);
	};
	const size_t step = std::max<size_t>(1, whole.size() / 400);
	for (size_t at = 0; at < whole.size(); at += step) {
		attempt(whole.substr(0, at));
		std::string changed = whole;
		changed[at] = static_cast<char>(~changed[at]);
		attempt(changed);
	}
	EXPECT_GT(read_well, 0u) << "most bytes are not of the structure";
}

INSTANTIATE_TEST_SUITE_P(Layouts, Recording, testing::Values(layout::file, layout::pipe),
			 [](const auto &of) {
				 return std::string(of.param == layout::file ? "file" : "pipe");
			 });

TEST(RecordingOfPerf, a_recording_of_perf_has_the_samples_that_perf_script_prints)
{
	NEED_PERF();
	const scratch_directory scratch;
	const auto said =
		scratch.run("perf record -q -e cpu-clock,page-faults -g -o perf.data -- sh "
			    "-c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'");
	if (said.status != 0)
		GTEST_SKIP() << "this machine does not let us use perf_event_open(2): " << said.err;
	const auto script = scratch.run("perf script -F time,event -i perf.data");
	const auto read = recording::open(scratch / "perf.data");
	ASSERT_TRUE(read) << read.error().text;
	ASSERT_EQ(read->events().size(), 2u);
	size_t clock = 0;
	size_t faults = 0;
	ASSERT_TRUE(read->each(
		[&](const reader::record &record, const perfdata::recorded_event &event, uint64_t) {
			if (record.type() == PERF_RECORD_SAMPLE)
				(event.attr.config == PERF_COUNT_SW_CPU_CLOCK ? clock : faults)++;
		}));
	EXPECT_GT(clock, 0u);
	EXPECT_EQ(clock, count_lines(script.out, "cpu-clock"));
	EXPECT_EQ(faults, count_lines(script.out, "page-faults"));
}
