// SPDX-License-Identifier: GPL-2.0
/* The names of mappings (module/device/map_name.hpp). */
#include <string>

#include <gtest/gtest.h>

#include "device/map_name.hpp"

using namespace perfbuf;

namespace
{

/* A page of a process whose heap is [0x10000, 0x20000) and whose stack begins at 0x70000. */
pb_map page_at(u64 start)
{
	pb_map map = {};

	map.start = start;
	map.bytes = 0x1000;
	map.heap_start = 0x10000;
	map.heap_end = 0x20000;
	map.stack_start = 0x70000;
	return map;
}

/* The name, after a check of the zeros behind it. */
std::string name_of(const pb_map &map)
{
	const map_name name(map);
	const std::string text = name.text();

	EXPECT_EQ(name.bytes() % 8, 0u);
	EXPECT_GT(name.bytes(), text.size());
	EXPECT_LE(name.bytes(), text.size() + 8);
	for (u64 i = text.size(); i < name.bytes(); i++)
		EXPECT_EQ(name.text()[i], 0);
	return text;
}

TEST(map_name, memory_without_a_file_has_the_name_of_the_part_that_it_overlaps)
{
	EXPECT_EQ(name_of(page_at(0xf000)), "//anon");
	EXPECT_EQ(name_of(page_at(0x10000)), "[heap]");
	EXPECT_EQ(name_of(page_at(0x1f000)), "[heap]");
	EXPECT_EQ(name_of(page_at(0x20000)), "//anon");
	EXPECT_EQ(name_of(page_at(0x6e000)), "//anon");
	EXPECT_EQ(name_of(page_at(0x6f000)), "[stack]")
		<< "its end is the stack's start, as in perf";
	EXPECT_EQ(name_of(page_at(0x70000)), "[stack]");
	EXPECT_EQ(name_of(page_at(0x71000)), "//anon");
}

TEST(map_name, memory_that_the_kernel_names_has_that_name_cut_to_fifteen_characters)
{
	pb_map map = page_at(0x10000);

	map.name = "[vdso]";
	EXPECT_EQ(name_of(map), "[vdso]");
	map.name = "[seven]";
	EXPECT_EQ(name_of(map), "[seven]");
	map.name = "[a name of more]";
	EXPECT_EQ(name_of(map), "[a name of more");
}

TEST(map_name, file_has_its_path_with_zeros_in_place)
{
	for (u32 length = 1; length < 40; length++) {
		char space[64];
		pb_map map = page_at(0x10000);

		memset(space, 'x', sizeof(space));
		space[length] = '\0';
		map.is_file = 1;
		map.path = space;
		map.path_bytes = length + 1;
		EXPECT_EQ(name_of(map), std::string(length, 'x'));
		EXPECT_EQ(space[(length + 8) & ~7u], 'x') << "only the zeros are written";
	}
}

TEST(map_name, file_whose_path_is_too_long_has_a_name_that_says_so)
{
	pb_map map = page_at(0x10000);

	map.is_file = 1;
	EXPECT_EQ(name_of(map), "//toolong");
}

} // namespace
