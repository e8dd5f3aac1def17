// SPDX-License-Identifier: GPL-2.0
/* The accounts of users (module/device/user.cpp), for users that are made up. */
#include <map>

#include <gtest/gtest.h>

#include "device/user.hpp"
#include "glue/glue.h"
#include "host.hpp"

#include "../support.h"

using namespace perfbuf;

namespace
{

/* The kernel: the user that calls, and the references to each user. */
struct kernel {
	char users[3];
	char *current = users;
	std::map<const void *, int> references;
} now;

class user_account_of : public testing::Test
{
protected:
	user_account_of() { now.current = now.users; }
	~user_account_of() override
	{
		for (const auto &[user, references] : now.references)
			EXPECT_EQ(references, 0);
		EXPECT_EQ(pb_test_live_allocations(), allocations_);
	}

	user_accounts all;

private:
	const long allocations_ = pb_test_live_allocations();
};

TEST_F(user_account_of, a_user_is_one_account_until_its_last_reference_goes)
{
	user_account *first = all.get_current();
	user_account *again = all.get_current();

	EXPECT_EQ(first, again);
	EXPECT_TRUE(first->is_of(now.current));
	now.current++;

	user_account *other = all.get_current();

	EXPECT_NE(first, other);
	EXPECT_FALSE(other->is_of(now.users));
	other->put();
	first->put();
	EXPECT_EQ(now.references[now.users], 1);
	again->put();
}

/* The account is allocated without a lock, so the same user may come by another process. */
TEST_F(user_account_of, two_first_processes_of_a_user_at_once_share_one_account)
{
	static user_accounts *accounts;
	static user_account *second;

	accounts = &all;
	second = nullptr;
	host::on_allocate = [] {
		host::on_allocate = nullptr;
		second = accounts->get_current();
	};

	user_account *first = all.get_current();

	ASSERT_NE(first, nullptr);
	EXPECT_EQ(first, second);
	EXPECT_EQ(now.references[now.users], 1);
	first->put();
	EXPECT_EQ(all.get_current(), second);
	second->put();
	second->put();
}

TEST_F(user_account_of, an_account_without_memory_leaves_nothing)
{
	pb_test_fail_allocation(1);
	EXPECT_EQ(all.get_current(), nullptr);
	EXPECT_EQ(now.references[now.users], 0);
}

} // namespace

extern "C" {

void *pb_user_get_current(void) noexcept
{
	now.references[now.current]++;
	return now.current;
}

void pb_user_put(void *user) noexcept
{
	now.references[user]--;
}

int pb_user_is_root(const void *user) noexcept
{
	return user == now.users + 2;
}

int pb_may_exceed_limits(void) noexcept
{
	return 0;
}

/* No test here has pages. */
int pb_charge_pages(unsigned long, unsigned long, unsigned long, struct pb_charge *) noexcept
{
	return 0;
}

void pb_uncharge_pages(const struct pb_charge *) noexcept
{
}

unsigned long pb_param_mlock_kib(void) noexcept
{
	return 0;
}

unsigned long pb_param_total_pages_max(void) noexcept
{
	return ~0ul;
}

unsigned long pb_param_user_percent(void) noexcept
{
	return 100;
}

unsigned long pb_param_root_percent(void) noexcept
{
	return 0;
}

unsigned long pb_param_user_events_max(void) noexcept
{
	return ~0ul;
}

unsigned long pb_param_user_rings_max(void) noexcept
{
	return ~0ul;
}

} // extern "C"
