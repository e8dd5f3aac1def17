// SPDX-License-Identifier: GPL-2.0
/* Host tests of cxxrt/result.hpp: a value or an errno, and TRY. */
#include <cxxrt/guard.hpp>
#include <cxxrt/result.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace
{

using cxxrt::error;
using cxxrt::result;

result<int> half(int n)
{
	if (n % 2)
		return error(EINVAL);
	return n / 2;
}

result<int> quarter(int n)
{
	int once = TRY(half(n));

	return TRY(half(once));
}

result<void> only_even(int n)
{
	TRY(half(n));
	return {};
}

TEST(result, a_result_holds_a_value_or_an_error)
{
	result<int> value = half(4);
	result<int> none = half(3);

	ASSERT_TRUE(value);
	EXPECT_EQ(value.take(), 2);
	ASSERT_FALSE(none);
	EXPECT_EQ(none.error().code(), EINVAL);
	EXPECT_EQ(none.error().as_return(), -EINVAL);
}

TEST(result, try_takes_the_value_or_returns_the_error)
{
	EXPECT_EQ(quarter(8).take(), 2);
	EXPECT_EQ(quarter(6).error(), error(EINVAL));
	EXPECT_EQ(quarter(5).error(), error(EINVAL));
}

TEST(result, a_result_of_void_holds_success_or_an_error)
{
	EXPECT_TRUE(only_even(2));
	EXPECT_EQ(only_even(2).as_return(), 0);
	EXPECT_EQ(only_even(1).as_return(), -EINVAL);
}

TEST(result, a_result_carries_a_value_that_can_only_be_moved)
{
	result<std::unique_ptr<int>> made = std::make_unique<int>(7);
	result<std::unique_ptr<int>> moved = std::move(made);
	std::unique_ptr<int> taken = moved.take();

	EXPECT_EQ(*taken, 7);
}

TEST(result, a_result_destroys_its_value_and_no_error)
{
	auto counted = std::make_shared<int>(0);
	{
		result<std::shared_ptr<int>> value = counted;
		result<std::shared_ptr<int>> none = error(ENOMEM);

		EXPECT_EQ(counted.use_count(), 2);
	}
	EXPECT_EQ(counted.use_count(), 1);
}

TEST(result, a_negative_return_value_becomes_an_error)
{
	EXPECT_TRUE(cxxrt::from_return(0));
	EXPECT_TRUE(cxxrt::from_return(5));
	EXPECT_EQ(cxxrt::from_return(-EBUSY).error(), error(EBUSY));
}

TEST(scope_guard, a_guard_runs_at_the_end_of_its_scope)
{
	int undone = 0;
	{
		cxxrt::scope_guard guard([&] { undone++; });

		EXPECT_EQ(undone, 0);
	}
	EXPECT_EQ(undone, 1);
}

TEST(scope_guard, a_dismissed_guard_does_not_run)
{
	int undone = 0;
	{
		cxxrt::scope_guard guard([&] { undone++; });

		guard.dismiss();
	}
	EXPECT_EQ(undone, 0);
}

} // namespace
