// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of perf.data: files that are written, read back, and read by perf.
#include <gtest/gtest.h>

#include "perfdata_file.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;

namespace
{

constexpr uint64_t samples = 1000;

class PerfData : public testing::Test
{
protected:
	void SetUp() override { NEED_PERF(); }

	// perf likes it: status 0 and not a word of warning.
	outcome accepted(const std::string &command)
	{
		const auto said = scratch.run(command);
		EXPECT_EQ(said.status, 0) << command << "\n" << said.err;
		EXPECT_EQ(said.err, "") << command;
		return said;
	}

	void write(layout how, uint64_t count = samples)
	{
		const auto written = write_generated(scratch / "perf.data", how, count);
		ASSERT_TRUE(written) << written.error().text;
		EXPECT_EQ(*written, 0u);
	}

	scratch_directory scratch;
};

// Were the times that perf script printed in order?
bool rising(const std::string &times)
{
	double before = 0;
	size_t at = 0;
	while (at < times.size()) {
		size_t used = 0;
		const double time = std::stod(times.substr(at), &used);
		if (time < before)
			return false;
		before = time;
		at = std::min(times.find('\n', at), times.size() - 1) + 1;
	}
	return true;
}

} // namespace

TEST_F(PerfData, PerfReportAcceptsTheFile)
{
	write(layout::file);
	const auto said = accepted("perf report --stdio -i perf.data");
	EXPECT_NE(said.out.find("of event 'clock'"), std::string::npos) << said.out;
	EXPECT_NE(said.out.find("generated"), std::string::npos)
		<< "the command's name, from the COMM record";
}

TEST_F(PerfData, ScriptShowsEverySampleInOrder)
{
	write(layout::file);
	EXPECT_EQ(
		count_lines(accepted("perf script -i perf.data -F comm,time,event").out, "clock:"),
		samples);
	EXPECT_TRUE(rising(accepted("perf script -i perf.data -F time").out));
	EXPECT_GT(count_lines(accepted("perf script -i perf.data -F ip,sym,dso").out, "true"),
		  samples)
		<< "and its callers";
}

TEST_F(PerfData, PerfDataConvertToJsonAcceptsTheFile)
{
	write(layout::file);
	const auto said = scratch.run(
		"perf data convert --to-json out.json -i perf.data && grep -c timestamp out.json");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(said.out, std::to_string(samples) + "\n");
	EXPECT_EQ(said.err.find("arning"), std::string::npos) << said.err;
	EXPECT_EQ(said.err.find("rror"), std::string::npos) << said.err;
}

TEST_F(PerfData, PerfAcceptsTheFileFromAPipe)
{
	write(layout::pipe);
	EXPECT_EQ(count_lines(accepted("perf script -i - -F comm,time,event < perf.data").out,
			      "clock:"),
		  samples);
	const auto said = accepted("perf report --stdio -i - < perf.data");
	EXPECT_NE(said.out.find("of event 'clock'"), std::string::npos) << said.out;
	const auto header = accepted("perf report --header-only -i - < perf.data").out;
	EXPECT_EQ(count_lines(header, "perf version : perfbuf test"), 1u) << header;
}

TEST_F(PerfData, PerfAcceptsARecordingWithoutSamples)
{
	write(layout::file, 0);
	EXPECT_EQ(accepted("perf script -i perf.data").out, "");
	accepted("perf report --header-only -i perf.data");
}

TEST_F(PerfData, TheHeaderDescribesTheMachine)
{
	write(layout::file);
	const auto said = accepted("perf report --header-only -i perf.data");
	for (const char *key :
	     {"hostname : ", "os release : ", "perf version : perfbuf test",
	      "arch : ", "nrcpus online : ", "nrcpus avail : ", "cpudesc : ", "cpuid : ",
	      "total memory : ", "cmdline : ", "event : name = clock, , id = { 4242, 4243 }",
	      "time of first sample : 1.000000", "time of last sample : 1.000999"})
		EXPECT_EQ(count_lines(said.out, key), 1u) << key << "\n" << said.out;
}

TEST_F(PerfData, TheClockDataGivesTheTimeOfDay)
{
	const auto path = scratch / "perf.data";
	auto attr = generated_description();
	attr.attr.use_clockid = 1;
	attr.attr.clockid = CLOCK_MONOTONIC;
	perfdata::writer writer(create_output(path), layout::file);
	auto features = generated_features(attr);
	perfdata::add_clock(features, CLOCK_MONOTONIC);
	perfdata::add_sample_time(features, 1, 2);
	ASSERT_TRUE(writer.begin({&attr, 1}, features));
	ASSERT_TRUE(writer.append(generated_sample{1}.record().view()));
	ASSERT_TRUE(writer.finish(features));
	EXPECT_EQ(count_lines(accepted("perf report --header-only -i perf.data").out,
			      "clockid: monotonic (1)"),
		  1u);
	// With CLOCK_DATA perf can print dates.
	accepted("perf script --ns -F tod -i perf.data");
}

TEST_F(PerfData, PerfListsTheBuildIdsOfTheFile)
{
	write(layout::file);
	const auto said = accepted("perf buildid-list -i perf.data");
	EXPECT_EQ(count_lines(said.out, "/bin/true"), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, "[kernel.kallsyms]"), perfdata::read_kernel_map() ? 1u : 0u)
		<< said.out;
	const auto file = scratch.run("file -L /bin/true | grep -o 'BuildID[^,]*' | cut -d= -f2");
	if (file.status == 0 && !file.out.empty()) {
		EXPECT_NE(said.out.find(file.out.substr(0, 40)), std::string::npos)
			<< said.out << file.out;
	}
}

TEST_F(PerfData, EachRoundOfRecordsIsMarked)
{
	write(layout::file);
	EXPECT_EQ(count_lines(accepted("perf script -D -i perf.data").out,
			      "PERF_RECORD_FINISHED_ROUND"),
		  samples / 100);
}

TEST_F(PerfData, AFileIsReadableAfterEachRoundAndBetween)
{
	const auto attr = generated_description();
	auto features = generated_features(attr);
	perfdata::add_sample_time(features, 0, 0);
	perfdata::writer writer(create_output(scratch / "perf.data"), layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, features));
	uint64_t number = 0;
	const auto append = [&] {
		for (int i = 0; i < 10; i++)
			ASSERT_TRUE(writer.append(generated_sample{number++}.record().view()));
	};
	for (size_t round = 1; round <= 3; round++) {
		append();
		ASSERT_TRUE(writer.round());
		EXPECT_EQ(count_lines(accepted("perf script -i perf.data -F event,time").out,
				      "clock:"),
			  (2 * round - 1) * 10);
		EXPECT_EQ(count_lines(accepted("perf report --header-only -i perf.data").out,
				      "# hostname : "),
			  1u);
		append();
		EXPECT_EQ(count_lines(accepted("perf script -i perf.data -F event,time").out,
				      "clock:"),
			  (2 * round - 1) * 10)
			<< "what no round has closed does not count yet";
	}
	ASSERT_TRUE(writer.finish({}));
	EXPECT_EQ(std::filesystem::file_size(scratch / "perf.data"), writer.size())
		<< "nothing of the features of a round is left behind the end";
}

TEST_F(PerfData, RoundWithoutRecordsIsNotMarked)
{
	const auto attr = generated_description();
	perfdata::writer writer(create_output(scratch / "perf.data"), layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, {}));
	const uint64_t before = writer.size();
	ASSERT_TRUE(writer.round());
	EXPECT_EQ(writer.size(), before);
	ASSERT_TRUE(writer.append(generated_sample{1}.record().view()));
	ASSERT_TRUE(writer.round());
	ASSERT_TRUE(writer.round());
	EXPECT_EQ(writer.size(),
		  before + generated_sample{1}.record().size() + sizeof(perf_event_header));
}

TEST_F(PerfData, TwoAttributesAreDistinguishedByTheirIds)
{
	using namespace perfdata;
	std::vector<described_attr> attrs{generated_description(), generated_description()};
	attrs[1].ids = {generated_id + 7};
	attrs[1].name = "second";
	writer writer(create_output(scratch / "perf.data"), layout::file);
	auto features = generated_features(attrs[0]);
	features.erase(feature::event_description);
	add_event_description(features, attrs);
	add_sample_time(features, generated_time, generated_time);
	ASSERT_TRUE(writer.begin(attrs, features));
	for (uint64_t number = 0; number < 30; number++) {
		auto record = generated_sample{number}.record();
		if (number % 3 == 0)
			record.patch(sizeof(perf_event_header), generated_id + 7);
		ASSERT_TRUE(writer.append(record.view()));
	}
	ASSERT_TRUE(writer.finish(features));
	const auto said = accepted("perf script -i perf.data -F comm,time,event");
	EXPECT_EQ(count_lines(said.out, " clock:"), 20u) << said.out;
	EXPECT_EQ(count_lines(said.out, " second:"), 10u) << said.out;
}
