// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Distributions, maps and values: what the commands that look at records are built on.
#include <climits>
#include <gtest/gtest.h>
#include <random>
#include <set>

#include "analysis/flame_page.hpp"
#include "analysis/histogram.hpp"
#include "analysis/machine.hpp"
#include "analysis/values.hpp"
#include "perfdata_file.hpp"
#include "typed_event.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using analysis::histogram;

TEST(Histogram, percentiles_are_those_of_the_sorted_values_or_a_32nd_above)
{
	std::mt19937_64 random(2);
	for (const unsigned bits : {1u, 5u, 6u, 7u, 20u, 63u, 64u}) {
		histogram of;
		std::vector<uint64_t> values;
		for (int each = 0; each < 5000; each++) {
			const uint64_t value = random() >> (64 - bits) >> random() % bits;
			values.push_back(value);
			of.add(value);
		}
		std::sort(values.begin(), values.end());
		for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
			const auto at = static_cast<size_t>(std::ceil(share * 5000)) - 1;
			const uint64_t exact = values[at];
			const uint64_t found = of.percentile(share);
			EXPECT_GE(found, exact) << bits << " bits, " << share;
			EXPECT_LE(found - exact, exact / 32) << bits << " bits, " << share;
		}
		EXPECT_EQ(of.smallest(), values.front());
		EXPECT_EQ(of.largest(), values.back());
	}
}

TEST(Histogram, each_value_is_counted_in_its_power_of_two)
{
	histogram of;
	for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3},
				     uint64_t{4}, uint64_t{1023}, uint64_t{1024}, UINT64_MAX})
		of.add(value);
	EXPECT_EQ(of.of_power(0), 1u);
	EXPECT_EQ(of.of_power(1), 1u);
	EXPECT_EQ(of.of_power(2), 2u);
	EXPECT_EQ(of.of_power(3), 1u);
	EXPECT_EQ(of.of_power(10), 1u);
	EXPECT_EQ(of.of_power(11), 1u);
	EXPECT_EQ(of.of_power(64), 1u);
	uint64_t sum = 0;
	for (size_t n = 0; n <= 64; n++)
		sum += of.of_power(n);
	EXPECT_EQ(sum, of.count());
}

TEST(Histogram, a_histogram_without_values_says_so)
{
	EXPECT_EQ(analysis::draw(histogram()), "  no values\n");
	EXPECT_EQ(histogram().percentile(0.5), 0u);
}

namespace
{

perfdata::bytes map_record(uint32_t pid, uint64_t start, uint64_t length, uint64_t offset,
			   const std::string &name, uint64_t inode = 4711)
{
	perfdata::bytes records;
	perfdata::synthesizer to(records, 0);
	to.map(pid, {start, length, offset, 8, 1, inode, 5, 2, name});
	return records;
}

reader::decoder plain_decoder()
{
	perf_event_attr attr{};
	return reader::decoder(attr);
}

perfdata::bytes task_record(uint32_t type, uint32_t pid, uint32_t parent)
{
	perfdata::bytes record;
	record.put(perf_event_header{type, 0, 8 + 24});
	for (const uint32_t each : {pid, parent, pid, parent, 0u, 0u})
		record.put(each);
	return record;
}

void add(analysis::machine &to, const perfdata::bytes &record)
{
	to.add(reader::record(record.view()), plain_decoder());
}

} // namespace

TEST(Machine, a_new_map_takes_the_place_of_what_was_there)
{
	analysis::machine of;
	add(of, map_record(7, 0x1000, 0x9000, 0, "/old"));
	add(of, map_record(7, 0x4000, 0x2000, 0x100, "/new"));
	const auto at = [&](uint64_t address) {
		const auto *map = of.find(7, address);
		return map ? of.file_name(map->file) + "+" +
				       std::to_string(address - map->start + map->offset)
			   : std::string("none");
	};
	EXPECT_EQ(at(0xfff), "none");
	EXPECT_EQ(at(0x1000), "/old+0");
	EXPECT_EQ(at(0x3fff), "/old+" + std::to_string(0x2fff));
	EXPECT_EQ(at(0x4000), "/new+" + std::to_string(0x100));
	EXPECT_EQ(at(0x5fff), "/new+" + std::to_string(0x20ff));
	EXPECT_EQ(at(0x6000), "/old+" + std::to_string(0x5000));
	EXPECT_EQ(at(0xa000), "none");
	EXPECT_EQ(of.find(8, 0x4000), nullptr) << "of another process";
	add(of, map_record(7, 0, 0x100000, 0, "/all"));
	EXPECT_EQ(at(0x4000), "/all+" + std::to_string(0x4000));
}

TEST(Machine, a_forked_process_has_the_maps_of_its_parent_until_it_makes_its_own)
{
	analysis::machine of;
	add(of, map_record(7, 0x1000, 0x1000, 0, "/parent"));
	add(of, task_record(PERF_RECORD_FORK, 8, 7));
	add(of, map_record(7, 0x3000, 0x1000, 0, "/of 7"));
	add(of, map_record(8, 0x4000, 0x1000, 0, "/of 8"));
	for (const uint32_t pid : {7u, 8u}) {
		ASSERT_NE(of.find(pid, 0x1000), nullptr) << pid;
		EXPECT_EQ(of.file_name(of.find(pid, 0x1000)->file), "/parent");
	}
	EXPECT_NE(of.find(7, 0x3000), nullptr);
	EXPECT_EQ(of.find(8, 0x3000), nullptr);
	EXPECT_EQ(of.find(7, 0x4000), nullptr);
	EXPECT_NE(of.find(8, 0x4000), nullptr);
	// Samples of its end may still come.
	add(of, task_record(PERF_RECORD_EXIT, 8, 7));
	EXPECT_NE(of.find(8, 0x4000), nullptr);
}

// More maps in all than are kept: of 300 processes, one after the other.
TEST(Machine, processes_that_have_ended_leave_their_maps_to_those_that_run)
{
	constexpr uint32_t count = 20000;
	analysis::machine of;
	for (uint64_t number = 1; number <= count; number++)
		add(of, map_record(7, number << 20, 0x1000, 0, "/parent"));
	for (uint32_t child = 100; child < 400; child++) {
		add(of, task_record(PERF_RECORD_FORK, child, 7));
		add(of, map_record(child, 0x1000, 0x1000, 0, "/child"));
		ASSERT_NE(of.find(child, uint64_t{count} << 20), nullptr) << child;
		ASSERT_NE(of.find(child, 0x1000), nullptr) << child;
		add(of, task_record(PERF_RECORD_EXIT, child, 7));
	}
	EXPECT_NE(of.find(7, uint64_t{count} << 20), nullptr);
}

TEST(Machine, a_file_name_longer_than_any_path_is_cut)
{
	analysis::machine of;
	add(of, map_record(7, 0x1000, 0x1000, 0, "/" + std::string(50'000, 'x')));
	const auto *map = of.find(7, 0x1000);
	ASSERT_TRUE(map);
	EXPECT_EQ(of.file_name(map->file), "/" + std::string(PATH_MAX - 1, 'x'));
}

// Records that differ in their inode alone are a few bytes of a compressed recording each.
TEST(Machine, files_with_more_names_than_256_MiB_have_no_name)
{
	analysis::machine of;
	constexpr uint64_t count = 70'000;
	const std::string name = "/" + std::string(PATH_MAX - 1, 'x');
	for (uint64_t inode = 1; inode <= count; inode++)
		add(of, map_record(7, inode << 12, 0x1000, 0, name, inode));
	std::set<uint32_t> files;
	size_t bytes = 0;
	for (uint64_t inode = 1; inode <= count; inode++) {
		const auto *map = of.find(7, inode << 12);
		ASSERT_TRUE(map);
		const auto &its_name = of.file_name(map->file);
		ASSERT_TRUE(its_name == name || its_name.empty());
		if (files.insert(map->file).second)
			bytes += its_name.size();
	}
	EXPECT_LE(bytes, size_t{256} << 20);
	EXPECT_GT(bytes, size_t{240} << 20);
	EXPECT_EQ(of.file_name(of.find(7, count << 12)->file), "");
	// A file that is known has its name at each map.
	add(of, map_record(8, 0x1000, 0x1000, 0, name, 1));
	EXPECT_EQ(of.file_name(of.find(8, 0x1000)->file), name);
	// Files with short names take memory, too.
	for (uint64_t inode = 1; inode <= 100; inode++)
		add(of, map_record(9, inode << 12, 0x1000, 0, "/a", inode));
	EXPECT_EQ(of.file_name(of.find(9, 100 << 12)->file), "");
}

TEST(Values, every_kind_of_field_is_printed_with_its_type)
{
	const auto format = reader::parse_format(typed_format_text());
	ASSERT_TRUE(format);
	const auto large = largest_values().payload();
	EXPECT_EQ(analysis::fields_json(*format, large.view()),
		  "{\"a_u8\":255,\"a_u64\":18446744073709551615,\"a_u16\":65535,"
		  "\"a_u32\":4294967295,\"a_s8\":127,\"a_s16\":32767,\"a_s32\":2147483647,"
		  "\"a_s64\":9223372036854775807,\"address\":18446744073709551615,"
		  "\"flags\":\"busy|error|last\",\"state\":\"runs\",\"lanes\":[65535,32768,1,0],"
		  "\"name\":\"seven!!\",\"message\":\"a message\",\"blob\":\"007fff\"}");
	const auto small = smallest_values().payload();
	EXPECT_EQ(analysis::fields_text(*format, small.view()),
		  "a_u8=0 a_u64=0 a_u16=0 a_u32=0 a_s8=-128 a_s16=-32768 a_s32=-2147483648 "
		  "a_s64=-9223372036854775808 address=0x0 flags= state=none lanes=0 0 0 0 name= "
		  "message= blob=");
}

TEST(Values, a_payload_that_is_too_short_has_no_value)
{
	const auto format = reader::parse_format(typed_format_text());
	ASSERT_TRUE(format);
	const auto payload = largest_values().payload();
	for (size_t size = 0; size < payload.size(); size++) {
		const auto cut = payload.view().first(size);
		EXPECT_FALSE(analysis::fields_json(*format, cut).empty());
		if (size < 9) {
			EXPECT_EQ(analysis::value_json(*format->find("a_u8"), cut), "null");
		}
	}
}

TEST(FlamePage, a_name_cannot_end_the_script_it_stands_in)
{
	analysis::flame_tree tree;
	analysis::frame_table frames;
	const uint32_t bad =
		frames.number_of(analysis::frame_kind::user, "</script><b>\"\\", "a\nfile");
	tree.add(std::span(&bad, 1), 3);
	const std::string page = analysis::flame_html(tree, frames, {"<title>", "", "samples"});
	EXPECT_NE(page.find("\\u003c/script>\\u003cb>\\\"\\\\"), std::string::npos);
	EXPECT_EQ(page.find("</script><b>"), std::string::npos);
	EXPECT_EQ(page.find(analysis::flame_page_data_mark), std::string::npos);
}
