// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_FOLLOW: sets that follow further tasks. */
#include "followed_set.hpp"

#include <gtest/gtest.h>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

TEST(control_plane, a_set_on_one_cpu_follows_further_tasks_and_their_children_once_each)
{
	machine m(4, 6);
	followed_set family(kind_of(m.task(0), 2, true));

	m.run(m.task(1), 2);
	ASSERT_TRUE(family.follow(m.task(1)));
	EXPECT_TRUE(family.runs.contains(m.task(1))) << "it runs there already";
	EXPECT_TRUE(family.follow(m.task(1))) << "which changes nothing";
	m.fork(m.task(2), 2);
	EXPECT_TRUE(family.follow(m.task(2)));
	/* The child may be followed before its hook. */
	EXPECT_TRUE(family.follow(m.task(3)));
	m.fork(m.task(3), 2);
	for (std::size_t i = 1; i < 4; i++) {
		m.run(m.task(i), 2);
		EXPECT_EQ(family.runs, std::set<const pb_task *>{m.task(i)});
		m.exit(2);
		EXPECT_TRUE(family.runs.empty());
		EXPECT_FALSE(family.has_running(2)) << "it was a member once";
		m.idle(2);
	}
	EXPECT_FALSE(family.exited);
	m.run(m.task(0), 1);
	m.exit(1);
	EXPECT_TRUE(family.exited);

	const cxxrt::result<void> late = family.follow(m.task(4));

	ASSERT_FALSE(late);
	EXPECT_EQ(late.error().code(), ESRCH) << "no task of the set is left";
}

TEST(control_plane, a_task_that_exits_while_a_set_begins_to_follow_it_is_no_member)
{
	machine m(4, 2);
	followed_set family(kind_of(m.task(0), 2, true));

	m.run(m.task(1), 2);
	m.is_exiting = true;

	const cxxrt::result<void> gone = family.follow(m.task(1));

	ASSERT_FALSE(gone);
	EXPECT_EQ(gone.error().code(), ESRCH);
	EXPECT_FALSE(family.has_running(2));
	EXPECT_TRUE(family.runs.empty());
	m.is_exiting = false;
}

TEST(control_plane, a_set_without_memory_or_beyond_a_limit_follows_no_further_task)
{
	machine m(4, 6);
	cxxrt::shared<u64> members;
	task_set_kind limited = kind_of(m.task(0), 2, true);

	limited.members_of_user = &members;
	m.task_events_max = 1;
	m.user_members_max = 3;

	followed_set family(limited), other(kind_of(m.task(5), 2, true));

	m.has_no_memory = true;
	EXPECT_EQ(family.follow(m.task(1)).error().code(), ENOMEM);
	m.has_no_memory = false;
	EXPECT_TRUE(family.follow(m.task(1)));
	EXPECT_TRUE(family.follow(m.task(2)));
	EXPECT_EQ(family.follow(m.task(3)).error().code(), EMFILE);
	EXPECT_TRUE(other.follow(m.task(3))) << "of a user without limits";
	EXPECT_EQ(members.read_once(), 3u);
	m.run(m.task(1), 1);
	m.exit(1);
	EXPECT_EQ(members.read_once(), 2u);
	m.user_members_max = 100;

	limited.target = m.task(4);
	followed_set second(limited);
	EXPECT_EQ(second.follow(m.task(2)).error().code(), ENOSPC) << "another of the user's does";
}

} // namespace
