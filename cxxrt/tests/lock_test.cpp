// SPDX-License-Identifier: GPL-2.0
/* Host tests of cxxrt/lock.hpp and guard.hpp: a guard holds its lock for a scope, and owns the
 * data. */
#include "platform.hpp"

#include <cxxrt/lock.hpp>

#include <gtest/gtest.h>

namespace
{

using platform::now;
using calls = std::vector<std::string>;

constinit cxxrt::lock_class test_class{"test_lock", {}};

class lock : public testing::Test
{
protected:
	lock()
	{
		now.locks.clear();
		now.classes.clear();
	}
};

TEST_F(lock, data_is_reached_through_the_held_lock)
{
	cxxrt::guarded<int, cxxrt::mutex> number(test_class, 3);
	{
		auto held = number.lock();

		EXPECT_EQ(now.locks, calls{"mutex_lock"});
		*held += 4;
		EXPECT_EQ(*held, 7);
	}
	EXPECT_EQ(now.locks, (calls{"mutex_lock", "mutex_unlock"}));
	EXPECT_EQ(now.classes, calls{"test_lock"});
	EXPECT_EQ(number.unshared(), 7);
}

TEST_F(lock, mutex_is_destroyed_with_its_owner)
{
	{
		cxxrt::mutex mutex(test_class);
		cxxrt::lock_guard guard(mutex);

		mutex.assert_held();
	}
	EXPECT_EQ(now.locks,
		  (calls{"mutex_lock", "mutex_assert_held", "mutex_unlock", "mutex_destroy"}));
}

TEST_F(lock, spinlock_gives_back_the_flags_it_was_given)
{
	cxxrt::guarded<int, cxxrt::spinlock> number(test_class);
	{
		auto held = number.lock();

		*held = 1;
	}
	EXPECT_EQ(now.locks, (calls{"spinlock_lock", "spinlock_unlock"}));
}

TEST(refcount, only_the_last_put_returns_true)
{
	cxxrt::refcount count(1);

	count.get();
	EXPECT_EQ(count.read(), 2u);
	EXPECT_FALSE(count.put());
	EXPECT_TRUE(count.put());
}

TEST(refcount, a_count_that_is_zero_stays_zero)
{
	cxxrt::refcount count(1);

	EXPECT_TRUE(count.get_unless_zero());
	EXPECT_FALSE(count.put());
	EXPECT_TRUE(count.put());
	EXPECT_FALSE(count.get_unless_zero());
}

} // namespace
