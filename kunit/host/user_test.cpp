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

/* The kernel: the user that calls, the references to each user, and locked memory. */
struct kernel {
	char users[3];
	char *current = users;
	std::map<const void *, int> references;
	pb_locked_memory locked = {};
	unsigned long mlock_kib = 0;
	u32 online_cpus = 1;
	int may_lock_memory = 0;
} now;

class user_account_of : public testing::Test
{
protected:
	user_account_of()
	{
		now.current = now.users;
		now.locked = {};
		now.mlock_kib = 0;
		now.online_cpus = 1;
		now.may_lock_memory = 0;
	}
	~user_account_of() override
	{
		for (const auto &[user, references] : now.references)
			EXPECT_EQ(references, 0);
		EXPECT_EQ(pb_test_live_allocations(), allocations_);
	}

	/* Charges a ring, and returns 0 or an errno. */
	int charge(u64 pages, pb_charge &out)
	{
		const cxxrt::result<void> charged = all.charge(pages, 0, pages, true, out);

		return charged ? 0 : -static_cast<int>(charged.error().as_return());
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

TEST_F(user_account_of, pages_are_charged_to_the_user_and_beyond_its_share_to_the_mm)
{
	pb_charge first, second, third;

	/* A page for each KiB of a page that a CPU gives: 2 * 12 pages for the user. */
	now.mlock_kib = 12 << (PB_PAGE_SHIFT - 10);
	now.online_cpus = 2;
	now.locked.mm_limit = 5;
	ASSERT_EQ(charge(20, first), 0);
	EXPECT_EQ(first.user_pages, 20u);
	EXPECT_EQ(first.mm_pages, 0u);
	ASSERT_EQ(charge(9, second), 0);
	EXPECT_EQ(second.user_pages, 4u);
	EXPECT_EQ(second.mm_pages, 5u);
	EXPECT_EQ(charge(1, third), EPERM);
	EXPECT_EQ(now.locked.user_pages, 24u);
	EXPECT_EQ(now.locked.mm_pages, 5u) << "a charge that is refused leaves nothing";
	now.may_lock_memory = 1;
	EXPECT_EQ(charge(1, third), 0);
	all.uncharge(first);
	all.uncharge(second);
	all.uncharge(third);
	EXPECT_EQ(now.locked.user_pages, 0u);
	EXPECT_EQ(now.locked.mm_pages, 0u);
}

/* perf's pages, and a parameter that was lowered since. */
TEST_F(user_account_of, user_above_its_share_gets_all_pages_charged_to_the_mm)
{
	pb_charge charged;

	now.mlock_kib = 1 << (PB_PAGE_SHIFT - 10);
	now.locked = {.user_pages = 100, .mm_pages = 3, .mm_limit = 5};
	EXPECT_EQ(charge(3, charged), EPERM);
	ASSERT_EQ(charge(2, charged), 0);
	EXPECT_EQ(charged.user_pages, 0u);
	EXPECT_EQ(charged.mm_pages, 2u);
	all.uncharge(charged);
}

TEST_F(user_account_of, processes_of_a_user_share_one_limit_of_locked_memory)
{
	pb_charge charged, refused;

	now.locked.mm_limit = 5;
	ASSERT_EQ(charge(4, charged), 0);

	const unsigned long of_first_mm = std::exchange(now.locked.mm_pages, 0);

	EXPECT_EQ(charge(2, refused), EPERM) << "in another process";
	now.locked.mm_pages = of_first_mm;
	all.uncharge(charged);
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

void pb_locked_memory_read(struct pb_locked_memory *out) noexcept
{
	*out = now.locked;
}

int pb_may_lock_memory(void) noexcept
{
	return now.may_lock_memory;
}

void pb_charge_pages(struct pb_charge *charge) noexcept
{
	now.locked.user_pages += charge->user_pages;
	now.locked.mm_pages += charge->mm_pages;
}

void pb_uncharge_pages(const struct pb_charge *charged) noexcept
{
	now.locked.user_pages -= charged->user_pages;
	now.locked.mm_pages -= charged->mm_pages;
}

__u32 pb_online_cpus(void) noexcept
{
	return now.online_cpus;
}

unsigned long pb_param_mlock_kib(void) noexcept
{
	return now.mlock_kib;
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
