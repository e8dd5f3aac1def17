// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Typed events in perf.data: perf prints their fields by name.
#include <gtest/gtest.h>

#include "perfdata/tracing_data.hpp"
#include "perfdata_file.hpp"
#include "run_command.hpp"
#include "typed_event.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;

namespace
{

class TypedEvents : public testing::Test
{
protected:
	void SetUp() override { NEED_PERF(); }

	// The largest values, the smallest, the largest of another event; with the clock beside
	// them.
	void write(layout how, bool with_clock = false, const std::string &source = "mydev")
	{
		using namespace perfdata;
		std::vector<described_attr> attrs{
			typed_description(source + ":all", typed_id, all_file),
			typed_description("other:one", other_id, other_file)};
		if (with_clock) {
			attrs.push_back(generated_description());
			attrs.back().attr.sample_type &=
				~static_cast<uint64_t>(PERF_SAMPLE_CALLCHAIN);
		}
		writer writer(create_output(scratch / "perf.data"), how);
		feature_map features;
		add_host_features(features, "perfbuf test");
		add_command_line(features, std::vector<std::string>{"perfbuf", "record"});
		add_event_description(features, attrs);
		add_tracing_data(features, attrs);
		add_sample_time(features, generated_time, generated_time + 2);
		ASSERT_TRUE(writer.begin(attrs, features));
		const auto put = [&](const bytes &record) {
			ASSERT_TRUE(writer.append(record.view()));
		};
		put(typed_sample(largest_values(), typed_id, all_file, generated_time));
		put(typed_sample(smallest_values(), typed_id, all_file, generated_time + 1));
		put(typed_sample(largest_values(), other_id, other_file, generated_time + 2));
		ASSERT_TRUE(writer.finish(features));
	}

	std::string accepted(const std::string &command)
	{
		const auto said = scratch.run(command);
		EXPECT_EQ(said.status, 0) << command << "\n" << said.err;
		EXPECT_EQ(said.err, "") << command;
		return said.out;
	}

	scratch_directory scratch;
};

const std::string largest =
	"a_u8=255 a_u64=18446744073709551615 a_u16=65535 a_u32=4294967295 a_s8=127 a_s16=32767 "
	"a_s32=2147483647 a_s64=9223372036854775807 address=0xffffffffffffffff "
	"flags=busy|error|last state=runs lanes=65535 32768 1 0 name=seven!! "
	"message=a message blob=00 7f ff";
const std::string smallest =
	"a_u8=0 a_u64=0 a_u16=0 a_u32=0 a_s8=-128 a_s16=-32768 a_s32=-2147483648 "
	"a_s64=-9223372036854775808 address=0x0 flags= state=none lanes=0 0 0 0 name= "
	"message= blob=";

} // namespace

TEST_F(TypedEvents, FieldsOfEveryKindArePrintedByName)
{
	write(layout::file);
	const auto said = accepted("perf script -i perf.data");
	EXPECT_EQ(count_lines(said, "mydev:all: " + largest), 1u) << said;
	EXPECT_EQ(count_lines(said, "mydev:all: " + smallest), 1u) << said;
	EXPECT_EQ(count_lines(said, "other:one: " + largest), 1u) << said;
	EXPECT_EQ(count_lines(accepted("perf script -F trace -i perf.data 2>/dev/null"), largest),
		  2u);
}

TEST_F(TypedEvents, APipeCarriesTheFormatsOfTypedEvents)
{
	write(layout::pipe);
	const auto said = accepted("cat perf.data | perf script -i -");
	EXPECT_EQ(count_lines(said, "mydev:all: " + largest), 1u) << said;
	EXPECT_EQ(count_lines(said, "mydev:all: " + smallest), 1u) << said;
	EXPECT_EQ(count_lines(said, "other:one: " + largest), 1u) << said;
}

TEST_F(TypedEvents, TypedEventsAndClockSamplesAreReadFromOneFile)
{
	write(layout::file, true);
	const auto said = accepted("perf script -i perf.data");
	EXPECT_EQ(count_lines(said, largest), 2u) << said;
}

TEST_F(TypedEvents, PerfReportSortsByAFieldOfAnEvent)
{
	write(layout::file);
	const auto said = accepted("perf report --stdio -s a_s32 -i perf.data 2>/dev/null");
	EXPECT_EQ(count_lines(said, " 2147483647"), 2u) << said;
	EXPECT_EQ(count_lines(said, " -2147483648"), 1u) << said;
}

TEST_F(TypedEvents, APythonScriptOfPerfGetsTheFields)
{
	// A source's name may have what a Python function's may not.
	write(layout::file, false, "my-dev");
	EXPECT_EQ(count_lines(accepted("perf script -i perf.data -F event"), "my-dev:all:"), 2u);
	accepted("perf script -i perf.data -g python 2>/dev/null");
	const auto handler = accepted("cat perf-script.py");
	EXPECT_EQ(count_lines(handler, "def my_dev__all(event_name, context, common_cpu,"), 1u)
		<< handler;
	EXPECT_EQ(count_lines(handler, "def other__one("), 1u) << handler;
	const auto said = accepted("perf script -i perf.data -s perf-script.py");
	EXPECT_EQ(count_lines(said, "a_s64=-9223372036854775808"), 1u) << said;
	EXPECT_EQ(count_lines(said, "a_u64=18446744073709551615"), 2u) << said;
	EXPECT_EQ(count_lines(said, "message=a message"), 2u) << said;
	EXPECT_EQ(count_lines(said, "flags=busy | error | last"), 2u) << said;
}

TEST_F(TypedEvents, AFileWithoutTypedEventsHasNoTracingData)
{
	perfdata::feature_map features;
	const auto clock = generated_description();
	perfdata::add_tracing_data(features, {&clock, 1});
	EXPECT_TRUE(features.empty());
}

TEST_F(TypedEvents, ManyFilesPerEventDoNotFitIntoAPipe)
{
	std::vector<perfdata::described_attr> attrs{
		typed_description("mydev:all", typed_id, all_file),
		typed_description("other:one", other_id, other_file)};
	attrs[1].ids.resize(10000);
	perfdata::writer writer(create_output(scratch / "perf.data"), layout::pipe);
	const auto done = writer.begin(attrs, {});
	ASSERT_FALSE(done) << "perf would take the samples for another event's";
	EXPECT_EQ(done.error().code.value(), E2BIG);
}
