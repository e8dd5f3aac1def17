// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// flame, hist, top, script and export, from recordings and live on the kernel's own perf events.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "perf_events.hpp"
#include "perfdata/tracing_data.hpp"
#include "run_command.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

const std::string program = PERFBUF_ON_PERF_EVENTS;
const std::string busy = "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'";

bool have_perf_events()
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	return static_cast<bool>(open_perf_event(attr, -1, 0));
}

class Pictures : public testing::Test
{
protected:
	outcome run(const std::string &arguments) { return scratch.run(program + " " + arguments); }

	std::string accepted(const std::string &arguments)
	{
		const auto said = run(arguments);
		EXPECT_EQ(said.status, 0) << arguments << "\n" << said.err;
		return said.out;
	}

	// mydev:begin and mydev:end, 100 of each; the nth takes n microseconds, and a_u8 is n % 4.
	void write_typed()
	{
		using namespace perfdata;
		std::vector<described_attr> attrs{
			typed_description("mydev:begin", typed_id, all_file),
			typed_description("mydev:end", other_id, other_file)};
		writer writer(create_output(scratch / "perf.data"), layout::file);
		feature_map features;
		add_host_features(features, "perfbuf test");
		add_event_description(features, attrs);
		add_tracing_data(features, attrs);
		ASSERT_TRUE(writer.begin(attrs, features));
		for (uint32_t n = 0; n < 100; n++) {
			auto values = largest_values();
			values.a_u32 = n;
			values.a_u8 = static_cast<uint8_t>(n % 4);
			values.a_s32 = n < 10 ? -1 : static_cast<int32_t>(n);
			const uint64_t time = generated_time + n * 1'000'000;
			put(writer, typed_sample(values, typed_id, all_file, time));
			put(writer, typed_sample(values, other_id, other_file, time + n * 1000));
		}
		ASSERT_TRUE(writer.finish(features));
	}

	static void put(perfdata::writer &to, const perfdata::bytes &record)
	{
		ASSERT_TRUE(to.append(record.view()));
	}

	std::string slurp(const std::string &name)
	{
		std::ifstream file(scratch / name, std::ios::binary);
		return {std::istreambuf_iterator<char>(file), {}};
	}

	scratch_directory scratch;
};

using Hist = Pictures;
using Export = Pictures;
using Flame = Pictures;
using Script = Pictures;
using Top = Pictures;

} // namespace

TEST_F(Hist, the_values_of_a_field_are_counted_by_powers_of_two)
{
	write_typed();
	const auto said = accepted("hist -i perf.data -e mydev:end a_u32");
	EXPECT_EQ(count_lines(said, "100 values, mean 49.5, p50 49, p90 89, p99 99"), 1u) << said;
	EXPECT_EQ(count_lines(said, "                    64 - 128                             36"),
		  1u)
		<< said;
	EXPECT_EQ(count_lines(said, "                     0 - 1                                1"),
		  1u)
		<< said;
}

TEST_F(Hist, a_histogram_by_a_field_has_one_for_each_of_its_values)
{
	write_typed();
	const auto said = accepted("hist -i perf.data -e mydev:end a_u32 --by a_u8");
	for (const std::string name : {"a_u8=0", "a_u8=1", "a_u8=2", "a_u8=3"})
		EXPECT_EQ(count_lines(said, "a_u32, " + name), 1u) << said;
	EXPECT_EQ(count_lines(said, "25 values"), 4u) << said;
}

TEST_F(Hist, a_pair_of_events_gives_the_time_between_them)
{
	write_typed();
	const auto said = accepted("hist -i perf.data --pair mydev:begin,mydev:end --key a_u32");
	EXPECT_EQ(count_lines(said, "ns from mydev:begin to mydev:end"), 1u) << said;
	EXPECT_EQ(count_lines(said, "100 values, mean 49500.0"), 1u) << said;
	EXPECT_EQ(count_lines(said, "largest 99,000"), 1u) << said;
	EXPECT_EQ(count_lines(said, "0 begun and not ended, 0 ended and not begun"), 1u) << said;
	const auto same = accepted("hist -i perf.data -e mydev --pair begin,end --key a_u32");
	EXPECT_EQ(same, said) << "the source may be given once";
	const auto back = accepted("hist -i perf.data -e mydev --pair end,begin --key a_u32");
	EXPECT_EQ(count_lines(back, "100 begun and not ended, 100 ended and not begun"), 1u)
		<< back;
}

TEST_F(Hist, negative_values_are_counted_and_left_out)
{
	write_typed();
	const auto said = accepted("hist -i perf.data -e mydev:end a_s32");
	EXPECT_EQ(count_lines(said, "90 values"), 1u) << said;
	EXPECT_EQ(count_lines(said, "10 negative values are left out"), 1u) << said;
}

TEST_F(Hist, a_wrong_request_is_refused_with_one_sentence)
{
	write_typed();
	const auto mistake = [&](const std::string &arguments, const std::string &sentence) {
		const auto said = run("hist " + arguments);
		EXPECT_EQ(said.status, 2) << arguments;
		EXPECT_EQ(count_lines(said.err, sentence), 1u) << said.err;
		EXPECT_EQ(said.out, "");
	};
	mistake("-i perf.data nothing",
		"the field nothing: there is no such number: give one of a_u8");
	mistake("-i perf.data message", "the field message: there is no such number");
	mistake("-i perf.data a_u32 --by other", "--by other: there is no such number");
	mistake("-i perf.data --pair mydev:begin --key a_u32", "give two events");
	mistake("-i perf.data --pair mydev:begin,mydev:none --key a_u32", "no event mydev:none");
	mistake("-i perf.data --pair mydev:begin,mydev:end", "--pair and --key go together");
	mistake("-i perf.data", "give the field whose values are counted");
	mistake("a_u32", "give the event with -e, or a recording with -i");
}

TEST_F(Export, json_has_the_typed_fields_and_whole_bytes)
{
	write_typed();
	const auto said = accepted("export --format json");
	EXPECT_EQ(count_lines(said, "\"event\":\"mydev:end\""), 100u);
	EXPECT_EQ(count_lines(said, "\"a_u32\":42,"), 2u);
	EXPECT_EQ(count_lines(said, "\"blob\":\"007fff\""), 200u);
	EXPECT_EQ(count_lines(said, "\"a_u64\":18446744073709551615"), 200u);
	const auto read = scratch.run(
		program +
		" export --format json | python3 -c '"
		"import json, sys\n"
		"rows = [json.loads(line) for line in sys.stdin]\n"
		"assert [r[\"time\"] for r in rows] == sorted(r[\"time\"] for r in rows)\n"
		"print(sum(r[\"fields\"][\"a_u32\"] for r in rows))'");
	EXPECT_EQ(read.out, "9900\n") << read.err;
}

TEST_F(Export, babeltrace_reads_the_ctf_with_whole_bytes)
{
	if (std::system("babeltrace2 --version >/dev/null 2>&1") != 0)
		GTEST_SKIP() << "babeltrace2 is not installed (scripts/setup tests)";
	write_typed();
	accepted("export --format ctf -o trace");
	const auto read = scratch.run("babeltrace2 trace");
	EXPECT_EQ(read.status, 0) << read.err;
	EXPECT_EQ(read.err, "");
	EXPECT_EQ(count_lines(read.out, "mydev:end: "), 100u) << read.out.substr(0, 1000);
	EXPECT_EQ(count_lines(read.out, "blob = [ [0] = 0, [1] = 127, [2] = 255 ]"), 200u)
		<< read.out.substr(0, 1000);
	EXPECT_EQ(count_lines(read.out, "a_s64 = 9223372036854775807"), 200u);
	EXPECT_EQ(count_lines(read.out, "lanes = [ [0] = 65535, [1] = 32768, [2] = 1, [3] = 0 ]"),
		  200u);
	EXPECT_EQ(run("export --format ctf -o trace").status, 1) << "it is there";
}

TEST_F(Export, perfetto_and_speedscope_get_the_json_that_they_read)
{
	write_typed();
	accepted("export --format perfetto -o trace.json");
	accepted("export --format speedscope -o stacks.json");
	const auto read =
		scratch.run("python3 -c 'import json\n"
			    "events = json.load(open(\"trace.json\"))[\"traceEvents\"]\n"
			    "ends = [e for e in events if e[\"name\"] == \"mydev:end\"]\n"
			    "assert len(ends) == 100 and all(e[\"ph\"] == \"i\" for e in ends)\n"
			    "assert ends[7][\"args\"][\"fields\"][\"a_u32\"] == 7\n"
			    "assert any(e[\"ph\"] == \"C\" and e[\"name\"] == \"mydev:end a_u32\" "
			    "for e in events)\n"
			    "scope = json.load(open(\"stacks.json\"))\n"
			    "names = len(scope[\"shared\"][\"frames\"])\n"
			    "for p in scope[\"profiles\"]:\n"
			    "    assert p[\"type\"] == \"sampled\" and len(p[\"samples\"]) == "
			    "len(p[\"weights\"])\n"
			    "    assert all(0 <= f < names for s in p[\"samples\"] for f in s)\n"
			    "    assert p[\"endValue\"] == sum(p[\"weights\"])\n"
			    "print(sum(len(p[\"samples\"]) for p in scope[\"profiles\"]))'");
	EXPECT_EQ(read.out, "200\n") << read.err;
}

TEST_F(Export, a_wrong_request_is_refused_with_one_sentence)
{
	EXPECT_EQ(count_lines(run("export --format xml").err, "give perfetto, speedscope"), 1u);
	EXPECT_EQ(count_lines(run("export --format ctf").err, "give its name with -o"), 1u);
	const auto none = run("export --format json -i nothing.data");
	EXPECT_EQ(none.status, 1);
	EXPECT_EQ(count_lines(none.err, "there is no nothing.data"), 1u) << none.err;
	const auto other = run("export --format json -i /etc/passwd");
	EXPECT_EQ(count_lines(other.err, "give a file that perfbuf record or perf record wrote"),
		  1u);
}

TEST_F(Flame, typed_fields_can_be_frames_and_weigh_a_sample)
{
	write_typed();
	accepted("flame --by event,a_u8 --weight a_u32 -o fields.html");
	const auto page = slurp("fields.html");
	EXPECT_NE(page.find("[0,\"mydev:end\",\"\"]"), std::string::npos);
	EXPECT_NE(page.find("[1,\"a_u8=3\",\"\"]"), std::string::npos);
	EXPECT_NE(page.find("\"nodes\":[0,0,9900,"), std::string::npos) << "the sum of the weights";
	EXPECT_NE(page.find("\"unit\":\"a_u32\""), std::string::npos);
	const auto bad = run("flame --by nothing");
	EXPECT_EQ(bad.status, 2);
	EXPECT_EQ(count_lines(bad.err, "--by nothing: there is no such field: give one of a_u8"),
		  1u);
}

TEST_F(Flame, the_page_needs_nothing_beside_it)
{
	write_typed();
	const auto page = accepted("flame -o -");
	EXPECT_EQ(page.find("src="), std::string::npos);
	EXPECT_EQ(page.find("http"), std::string::npos);
	EXPECT_NE(page.find("<!DOCTYPE html>"), std::string::npos);
}

TEST_F(Flame, a_command_is_drawn_while_it_runs)
{
	if (!have_perf_events())
		GTEST_SKIP() << "this machine does not let us use perf_event_open(2)";
	const auto said = run("flame -g -o live.html -- " + busy);
	EXPECT_EQ(said.status, 0) << said.err;
	const auto page = slurp("live.html");
	EXPECT_NE(page.find("[0,\"sh\",\"\"]"), std::string::npos) << said.err;
	EXPECT_NE(page.find("[3,"), std::string::npos) << "functions of user space";
}

TEST_F(Script, samples_are_printed_in_the_order_of_time_with_their_fields)
{
	write_typed();
	const auto said = accepted("script");
	EXPECT_EQ(count_lines(said, "mydev:begin: a_u8="), 100u);
	EXPECT_EQ(count_lines(said, "flags=busy|error|last state=runs lanes=65535 32768 1 0"),
		  200u);
	const auto sorted =
		scratch.run(program + " script | sed 's/.*\\] \\([0-9.]*\\): .*/\\1/' | "
				      "sort -c -n && echo sorted");
	EXPECT_EQ(sorted.out, "sorted\n") << sorted.err;
}

TEST_F(Script, a_pipe_from_the_recorder_is_read)
{
	if (!have_perf_events())
		GTEST_SKIP() << "this machine does not let us use perf_event_open(2)";
	const auto said = scratch.run(program + " record -g -o - -- " + busy + " | " + program +
				      " script -i -");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_GT(count_lines(said.out, " clock:"), 0u) << said.err;
}

TEST_F(Top, a_view_shows_functions_cpus_and_rates)
{
	if (!have_perf_events())
		GTEST_SKIP() << "this machine does not let us use perf_event_open(2)";
	const auto said = run("top --views 1 -- " + busy);
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.out, "perfbuf top   "), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, "  clock "), 1u) << said.out;
	EXPECT_GT(count_lines(said.out, "  CPU "), 0u) << said.out;
	EXPECT_GT(count_lines(said.out, "%  "), 0u) << said.out;
}
