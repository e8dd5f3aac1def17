// SPDX-License-Identifier: GPL-2.0
/* Host tests of cxxrt/std.hpp: the parts of the standard library that a kernel has none of. */
#include <cxxrt/std.hpp>

#include <gtest/gtest.h>

namespace
{

using cxxrt::u64;

TEST(std_subset, a_number_is_rounded_up_to_a_power_of_two)
{
	EXPECT_EQ(cxxrt::round_up(0u, 8), 0u);
	EXPECT_EQ(cxxrt::round_up(1u, 8), 8u);
	EXPECT_EQ(cxxrt::round_up(8u, 8), 8u);
	EXPECT_EQ(cxxrt::round_up(u64(0x1000'0000'0001), 4096), u64(0x1000'0000'1000));
}

TEST(std_subset, count_bits_returns_the_number_of_set_bits)
{
	EXPECT_EQ(cxxrt::count_bits(0), 0u);
	EXPECT_EQ(cxxrt::count_bits(0x8000'0000'0000'0001), 2u);
	EXPECT_EQ(cxxrt::count_bits(~u64(0)), 64u);
}

TEST(std_subset, min_and_max_return_the_smaller_and_the_larger)
{
	EXPECT_EQ(cxxrt::min(3, 2), 2);
	EXPECT_EQ(cxxrt::max(3, 2), 3);
}

struct outer {
	long before;
	int member;
};

TEST(std_subset, container_of_finds_the_object_around_a_member)
{
	outer object{};

	EXPECT_EQ(CXXRT_CONTAINER_OF(&object.member, outer, member), &object);
}

} // namespace
