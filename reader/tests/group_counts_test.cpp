// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recordings of groups whose leader samples the counts of all members (perf record -e '{a,b}:S'):
// perfbuf script prints them as they are, and perf's periods are their differences.
#include <array>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "perfdata_file.hpp"
#include "record_fixture.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using perfdata::layout;

namespace
{

constexpr uint64_t samples = 20;
constexpr uint64_t sibling_id = 5252;

struct counts {
	uint64_t clock;
	uint64_t faults;
};

// The counts of both members when the leader samples.
counts counts_at(uint64_t number)
{
	return {(number + 1) * 1'000'000, number * number * 7};
}

constexpr uint64_t read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
				 PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

std::vector<perfdata::described_attr> group()
{
	std::vector<perfdata::described_attr> all{generated_description(), generated_description()};
	for (auto &each : all) {
		each.attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
					PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_READ |
					PERF_SAMPLE_PERIOD;
		each.attr.read_format = read_format;
	}
	all[0].ids = {generated_id};
	all[1].ids = {sibling_id};
	all[1].name = "page-faults";
	all[1].attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	all[1].attr.sample_period = 0;
	return all;
}

perfdata::bytes sample_of_the_leader(uint64_t number)
{
	const auto of = counts_at(number);
	perfdata::bytes all;
	all.put(perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, 8 + 13 * 8});
	all.put(generated_id);
	all.put(uint64_t{0x401000}); // ip
	all.put(uint32_t{77});
	all.put(uint32_t{77});
	all.put(generated_time + number * 1000);
	all.put(uint64_t{0}); // CPU
	all.put(uint64_t{1'000'000});
	for (const uint64_t word : {uint64_t{2}, uint64_t{500}, uint64_t{500}, of.clock,
				    generated_id, of.faults, sibling_id})
		all.put(word);
	return all;
}

class GroupCounts : public testing::TestWithParam<layout>
{
protected:
	void SetUp() override
	{
		const auto attrs = group();
		auto features = generated_features(attrs[0]);
		features.erase(perfdata::feature::event_description);
		perfdata::add_event_description(features, attrs);
		perfdata::writer writer(create_output(scratch / "perf.data"), GetParam());
		ASSERT_TRUE(writer.begin(attrs, features));
		for (uint64_t number = 0; number < samples; number++)
			ASSERT_TRUE(writer.append(sample_of_the_leader(number).view()));
		ASSERT_TRUE(writer.finish(features));
	}

	scratch_directory scratch;
};

} // namespace

TEST_P(GroupCounts, perfbuf_script_prints_the_count_of_each_member_below_the_sample)
{
	const auto said = scratch.run(perfbuf_program + " script -i perf.data");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(said.err, "");
	std::istringstream lines(said.out);
	std::string line;
	for (uint64_t number = 0; number < samples; number++) {
		ASSERT_TRUE(std::getline(lines, line)) << number;
		EXPECT_NE(line.find(" clock:"), std::string::npos) << line;
		for (const auto &[name, count] :
		     {std::pair("clock", counts_at(number).clock),
		      std::pair("page-faults", counts_at(number).faults)}) {
			uint64_t printed = 0;
			std::string of;
			ASSERT_TRUE(lines >> printed >> of >> std::ws) << number;
			EXPECT_EQ(printed, count) << number;
			EXPECT_EQ(of, name) << number;
		}
	}
	EXPECT_FALSE(std::getline(lines, line)) << line;
}

TEST_P(GroupCounts, perf_script_finds_what_was_added_to_each_count_since_the_last_sample)
{
	NEED_PERF();
	const std::string from = GetParam() == layout::pipe ? "- < perf.data" : "perf.data";
	const auto said = scratch.run("perf script -F time,event,period -i " + from);
	EXPECT_EQ(said.err, "");
	std::istringstream lines(said.out);
	counts before{};
	for (uint64_t number = 0; number < samples; number++) {
		const auto now = counts_at(number);
		const std::array<std::pair<std::string, uint64_t>, 2> members{
			{{"clock:", now.clock - before.clock},
			 {"page-faults:", now.faults - before.faults}}};
		for (const auto &[name, added] : members) {
			std::string time, event;
			uint64_t period = 0;
			// perf leaves out a member to which nothing was added.
			if (!added)
				continue;
			ASSERT_TRUE(lines >> time >> period >> event) << said.out;
			EXPECT_EQ(event, name) << number;
			EXPECT_EQ(period, added) << number;
		}
		before = now;
	}
	std::string more;
	EXPECT_FALSE(lines >> more) << more;
}

TEST_P(GroupCounts, a_count_of_a_member_that_is_not_described_is_printed_without_a_name)
{
	auto attrs = group();
	attrs.pop_back();
	auto features = generated_features(attrs[0]);
	perfdata::writer writer(create_output(scratch / "perf.data"), GetParam());
	ASSERT_TRUE(writer.begin(attrs, features));
	ASSERT_TRUE(writer.append(sample_of_the_leader(3).view()));
	ASSERT_TRUE(writer.finish(features));
	const auto said = scratch.run(perfbuf_program + " script -i perf.data");
	EXPECT_EQ(said.err, "");
	EXPECT_EQ(count_lines(said.out, " 4000000 clock"), 1u) << said.out;
	EXPECT_TRUE(said.out.ends_with(" 63\n")) << said.out;
}

INSTANTIATE_TEST_SUITE_P(Layouts, GroupCounts, testing::Values(layout::file, layout::pipe),
			 [](const auto &of) {
				 return std::string(of.param == layout::file ? "file" : "pipe");
			 });
