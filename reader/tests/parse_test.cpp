// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the command line's numbers, sizes and lists.
#include <gtest/gtest.h>

#include "program/failure.hpp"
#include "program/parse.hpp"

using namespace perfbuf::program;
using namespace std::chrono_literals;

namespace
{

template <typename Parse>
void expect_usage(Parse parse, std::initializer_list<const char *> texts)
{
	for (const char *text : texts) {
		try {
			parse(text);
			ADD_FAILURE() << "\"" << text << "\" was accepted";
		} catch (const failure &why) {
			EXPECT_EQ(why.status(), exit_usage);
			EXPECT_EQ(std::string(why.what()).find('\n'), std::string::npos);
		}
	}
}

} // namespace

TEST(Parse, ListsAndRangesOfCpusAreParsedAndOthersRefused)
{
	EXPECT_EQ(parse_cpus("0"), (std::vector<int>{0}));
	EXPECT_EQ(parse_cpus("3,0-2,2"), (std::vector<int>{0, 1, 2, 3}));
	expect_usage(parse_cpus, {"", ",", "1,", "a", "2-1", "-1", "1-", "0-99999999", "1 2"});
}

TEST(Parse, ListsOfPidsAreParsedAndOthersRefused)
{
	EXPECT_EQ(parse_pids("30,20,30"), (std::vector<pid_t>{20, 30}));
	expect_usage(parse_pids, {"", "0", "-1", "1,", "x", "99999999999"});
}

TEST(Parse, SizesInPagesOrBytesAreParsedAndOthersRefused)
{
	const auto pages = [](const char *text) { return parse_pages(text, 4096); };
	EXPECT_EQ(pages("1"), 1u);
	EXPECT_EQ(pages("128"), 128u);
	EXPECT_EQ(pages("512K"), 128u);
	EXPECT_EQ(pages("4M"), 1024u);
	EXPECT_EQ(pages("4K"), 1u);
	expect_usage(pages, {"", "0", "100", "3K", "2K", "100K", "3M", "K", "-1", "x", "1T",
			     "99999999999999999999"});
}

TEST(Parse, PagesThatAreNoPowerOfTwoNameTheNext)
{
	try {
		(void)parse_pages("100", 4096);
		FAIL();
	} catch (const failure &why) {
		EXPECT_NE(std::string(why.what()).find("try 128"), std::string::npos) << why.what();
	}
}

TEST(Parse, AFrequencyIsParsedAndAWrongOneRefused)
{
	const auto frequency = [](const char *text) { return parse_frequency(text, 1000, "it"); };
	EXPECT_EQ(frequency("999"), 999u);
	EXPECT_EQ(frequency("max"), 1000u);
	expect_usage(frequency, {"", "0", "1001", "-5", "1k", "9.5"});
}

TEST(Parse, APeriodIsParsedAndAWrongOneRefused)
{
	EXPECT_EQ(parse_period("1000000"), 1'000'000u);
	expect_usage(parse_period, {"", "0", "-1", "9223372036854775808", "1ms"});
}

TEST(Parse, ADurationWithItsUnitIsParsedAndAWrongOneRefused)
{
	EXPECT_EQ(parse_duration("10"), 10s);
	EXPECT_EQ(parse_duration("0.5"), 500ms);
	EXPECT_EQ(parse_duration("500ms"), 500ms);
	EXPECT_EQ(parse_duration("2m"), 2min);
	EXPECT_EQ(parse_duration("1s"), 1s);
	expect_usage(parse_duration, {"", "0", "-1", "x", "s", "1e300", "nan", "inf"});
}

TEST(Parse, ACallGraphModeIsParsedAndAWrongOneRefused)
{
	EXPECT_EQ(parse_call_graph("fp").first, call_graph::frame_pointers);
	EXPECT_EQ(parse_call_graph("dwarf").second, 8192u);
	EXPECT_EQ(parse_call_graph("dwarf,4096").second, 4096u);
	expect_usage(parse_call_graph, {"", "lbr", "fp,4096", "dwarf,", "dwarf,0", "dwarf,7",
					"dwarf,65536", "dwarf,-8"});
}

TEST(Parse, AClockIsParsedByNameAndAnUnknownOneRefused)
{
	EXPECT_EQ(parse_clock("monotonic"), CLOCK_MONOTONIC);
	EXPECT_EQ(parse_clock("monotonic_raw"), CLOCK_MONOTONIC_RAW);
	expect_usage(parse_clock, {"", "sundial"});
}

TEST(Parse, ATickIsAPowerOfTwoAndAnotherNumberIsRefused)
{
	EXPECT_EQ(parse_tick("1"), 0u);
	EXPECT_EQ(parse_tick("16"), 4u);
	EXPECT_EQ(parse_tick("2147483648"), 31u);
	expect_usage(parse_tick, {"", "0", "3", "-1", "16ns", "4294967296"});
}

TEST(Parse, NumbersArePrintedInGroupsAndSizesWithUnits)
{
	EXPECT_EQ(group_digits(0), "0");
	EXPECT_EQ(group_digits(999), "999");
	EXPECT_EQ(group_digits(12345), "12,345");
	EXPECT_EQ(group_digits(1234567), "1,234,567");
	EXPECT_EQ(human_size(999), "999 bytes");
	EXPECT_EQ(human_size(3'200'000), "3.2 MB");
	EXPECT_EQ(human_size(999'999), "1.0 MB");
}
