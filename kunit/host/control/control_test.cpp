// SPDX-License-Identifier: GPL-2.0
/* The control plane: which tasks a set follows, over forks, exits, execs and limits. */
#include "followed_set.hpp"

#include <cxxrt/memory_model.hpp>
#include <functional>
#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

TEST(control_plane, a_fork_adds_the_child_to_the_sets_that_inherit_and_to_no_other)
{
	machine m(4, 8);
	followed_set family(kind_of(m.task(0), -1, true)), on_cpu(kind_of(m.task(0), 2, true));
	followed_set target_only(kind_of(m.task(0)));
	task_set_kind threads = kind_of(m.task(0), -1, true);

	threads.threads_only = true;

	followed_set of_threads(threads);

	m.run(m.task(0), 1);
	m.fork(m.task(1), 1);
	m.fork(m.task(2), 1, true);
	EXPECT_EQ(family.runs, std::set{m.task(0)});
	for (std::size_t i : {1, 2}) {
		m.run(m.task(i), 2);
		EXPECT_TRUE(family.runs.contains(m.task(i)));
		EXPECT_TRUE(on_cpu.runs.contains(m.task(i)));
		EXPECT_FALSE(target_only.runs.contains(m.task(i)));
		EXPECT_EQ(of_threads.runs.contains(m.task(i)), i == 2);
	}
	m.run(m.task(1), 3);
	EXPECT_FALSE(on_cpu.runs.contains(m.task(1))) << "on a CPU that the set does not cover";

	/* The last that exits says so. */
	for (std::size_t i : {1, 2, 0}) {
		EXPECT_FALSE(family.exited);
		m.run(m.task(i), 0);
		m.exit(0);
		EXPECT_FALSE(family.runs.contains(m.task(i)));
	}
	EXPECT_TRUE(family.exited);
}

/* The index is allocated without a lock, so a second first event may come meanwhile. */
TEST(control_plane, two_first_events_at_once_share_one_index)
{
	machine m(4, 3);
	std::unique_ptr<followed_set> second;

	m.on_allocate = [&] { second = std::make_unique<followed_set>(kind_of(m.task(1))); };

	followed_set first(kind_of(m.task(0)));

	ASSERT_TRUE(first.opened && second && second->opened);
	m.run(m.task(0), 0);
	m.run(m.task(1), 1);
	EXPECT_EQ(first.runs, std::set{m.task(0)});
	EXPECT_EQ(second->runs, std::set{m.task(1)});
	/* One goes, and the other's index stays. */
	second.reset();
	m.idle(0);
	m.run(m.task(0), 2);
	EXPECT_TRUE(first.has_running(2));
}

TEST(control_plane, forks_take_memory_that_was_prepared)
{
	machine m(4, 600);
	followed_set family(kind_of(m.task(0), -1, true));

	m.run(m.task(0), 1);
	m.atomic_allocations = 0;
	for (std::size_t i = 1; i < 600; i++) {
		m.fork(m.task(i), 1);
		if (i % 8 == 0)
			grace_period();
	}
	EXPECT_EQ(m.atomic_allocations, 0u);
	for (std::size_t i = 1; i < 600; i++) {
		m.run(m.task(i), 2);
		EXPECT_TRUE(family.runs.contains(m.task(i)));
		m.exit(2);
	}
}

TEST(control_plane, a_fork_without_memory_does_not_follow_the_child_and_counts_it)
{
	constexpr std::size_t children = 200;
	machine m(4, children + 1);
	followed_set family(kind_of(m.task(0), -1, true));
	u32 followed = 0;

	m.run(m.task(0), 1);
	m.has_no_memory = true;
	for (std::size_t i = 1; i <= children; i++)
		m.fork(m.task(i), 1);
	for (std::size_t i = 1; i <= children; i++) {
		m.run(m.task(i), 2);
		followed += family.runs.contains(m.task(i));
	}
	EXPECT_GT(followed, 0u) << "in memory that was prepared";
	EXPECT_GT(family.not_followed, 0u);
	EXPECT_EQ(followed + family.not_followed, children);
}

/* The index and the set itself: an event without memory is refused, and leaves nothing. */
TEST(control_plane, a_set_without_memory_is_refused)
{
	machine m(4, 1);

	m.has_no_memory = true;

	followed_set refused(kind_of(m.task(0)));

	ASSERT_FALSE(refused.opened);
	EXPECT_EQ(refused.opened.error().code(), ENOMEM);
	m.has_no_memory = false;
	EXPECT_TRUE(followed_set(kind_of(m.task(0))).opened);
}

TEST(control_plane, a_user_with_limits_has_so_many_members_and_a_task_so_many_of_them)
{
	machine m(4, 20);
	cxxrt::shared<u64> members;
	task_set_kind limited = kind_of(m.task(0), -1, true);

	limited.members_of_user = &members;
	m.task_events_max = 2;
	m.user_members_max = 7;
	{
		followed_set first(limited), second(limited), third(limited);

		EXPECT_TRUE(first.opened && second.opened);
		ASSERT_FALSE(third.opened);
		EXPECT_EQ(third.opened.error().code(), ENOSPC);
		EXPECT_EQ(members.read_once(), 2u);
		EXPECT_TRUE(followed_set(kind_of(m.task(0))).opened) << "of a user without limits";

		m.run(m.task(0), 1);
		for (std::size_t i = 1; i < 4; i++)
			m.fork(m.task(i), 1);
		EXPECT_EQ(members.read_once(), 7u);
		EXPECT_EQ(first.not_followed + second.not_followed, 1u);
		limited.target = m.task(10);

		followed_set fourth(limited);

		ASSERT_FALSE(fourth.opened);
		EXPECT_EQ(fourth.opened.error().code(), EMFILE);

		/* A task that exits gives its members back. */
		m.run(m.task(1), 1);
		m.exit(1);
		EXPECT_EQ(members.read_once(), 5u);
		EXPECT_TRUE(followed_set(limited).opened);
	}
	EXPECT_EQ(members.read_once(), 0u);
}

#ifdef CONFIG_PREEMPT_RT
TEST(control_plane, a_fork_without_prepared_memory_allocates_nothing_where_spinlocks_sleep)
{
	machine m(4, 2000);
	followed_set family(kind_of(m.task(0), -1, true));

	m.run(m.task(0), 1);
	for (std::size_t i = 1; i < 2000; i++)
		m.fork(m.task(i), 1);
	EXPECT_EQ(m.atomic_allocations, 0u);
	EXPECT_GT(family.not_followed, 0u);
}

TEST(control_plane, forks_of_a_user_with_limits_leave_memory_for_others_where_spinlocks_sleep)
{
	machine m(4, 2000);
	cxxrt::shared<u64> members;
	task_set_kind limited = kind_of(m.task(0), -1, true);

	limited.members_of_user = &members;
	m.user_members_max = 10000;

	followed_set hostile(limited), other(kind_of(m.task(1), -1, true));

	m.run(m.task(0), 0);
	for (std::size_t i = 2; i < 1000; i++)
		m.fork(m.task(i), 0);
	EXPECT_GT(hostile.not_followed, 0u);
	m.run(m.task(1), 1);
	for (std::size_t i = 1000; i < 1060; i++)
		m.fork(m.task(i), 1);
	EXPECT_EQ(other.not_followed, 0u);
}
#else
TEST(control_plane, a_fork_without_prepared_memory_allocates_it)
{
	machine m(4, 200);
	followed_set family(kind_of(m.task(0), -1, true));

	m.run(m.task(0), 1);
	for (std::size_t i = 1; i < 200; i++)
		m.fork(m.task(i), 1);
	EXPECT_GT(m.atomic_allocations, 0u);
	for (std::size_t i = 1; i < 200; i++) {
		m.run(m.task(i), 2);
		EXPECT_TRUE(family.runs.contains(m.task(i)));
		m.exit(2);
	}
}
#endif

TEST(control_plane, a_program_that_its_user_may_not_look_into_leaves_every_set)
{
	machine m(4, 2);
	followed_set any(kind_of(m.task(0))), here(kind_of(m.task(0), 1)),
		there(kind_of(m.task(0), 2));
	followed_set other(kind_of(m.task(1)));

	m.run(m.task(0), 1);
	m.run(m.task(1), 2);
	m.exec_secured(1);
	for (const followed_set *set : {&any, &here, &there}) {
		EXPECT_TRUE(set->runs.empty());
		EXPECT_TRUE(set->exited);
	}
	EXPECT_FALSE(other.exited);
	m.run(m.task(0), 2);
	EXPECT_TRUE(there.runs.empty());
}

TEST(control_plane, an_exec_removes_the_task_from_the_sets_that_ask_for_it_alone)
{
	machine m(4, 2);
	task_set_kind kind = kind_of(m.task(0), -1, true);
	followed_set stays(kind), of_another(kind_of(m.task(1)));

	kind.removes_on_exec = true;

	followed_set leaves(kind);

	m.run(m.task(0), 1);
	m.run(m.task(1), 2);
	m.exec(1);
	EXPECT_TRUE(leaves.exited);
	EXPECT_TRUE(leaves.runs.empty());
	EXPECT_FALSE(leaves.has_running(1));
	for (const followed_set *set : {&stays, &of_another}) {
		EXPECT_FALSE(set->exited);
		EXPECT_EQ(set->runs.size(), 1u);
	}
	m.run(m.task(0), 3);
	EXPECT_TRUE(leaves.runs.empty());
	EXPECT_FALSE(stays.runs.empty());
}

TEST(control_plane, a_set_that_is_opened_on_a_task_that_runs_knows_where)
{
	machine m(4, 1);

	m.run(m.task(0), 3);

	followed_set set(kind_of(m.task(0)));

	EXPECT_TRUE(set.has_running(3));
	for (u32 cpu : {0, 1, 2})
		EXPECT_FALSE(set.has_running(cpu));
	m.idle(3);
	EXPECT_FALSE(set.has_running(3));
}

TEST(control_plane, a_call_alone_with_the_ring_runs_where_the_target_does_or_nowhere)
{
	machine m(4, 1);
	followed_set set(kind_of(m.task(0)));
	s32 seen = -1;
	const auto look = [](void *arg) {
		*static_cast<s32 *>(arg) = static_cast<s32>(pb_this_cpu());
	};

	m.interrupts = 0;
	set.run_alone(look, &seen);
	EXPECT_EQ(seen, 0) << "the caller's CPU";
	EXPECT_EQ(m.interrupts, 0u);
	m.run(m.task(0), 3);
	set.run_alone(look, &seen);
	EXPECT_EQ(seen, 3);
	EXPECT_EQ(m.interrupts, 1u);

	/* A late writer stays out while a call runs alone, and the other way round. */
	m.idle(3);

	struct late {
		followed_task &home;
		bool could;
	} try_late{set.home(), true};

	set.run_alone(
		[](void *arg) {
			late &state = *static_cast<late *>(arg);

			state.could = state.home.try_enter_late();
		},
		&try_late);
	EXPECT_FALSE(try_late.could);
	EXPECT_TRUE(set.home().try_enter_late());
	set.home().exit_late();
}

/* Against sets of tasks: what runs is what a set should follow, and the sanitizer sees all memory
 * come back. */
TEST(control_plane, random_forks_exits_switches_and_closes_follow_the_right_tasks)
{
	constexpr std::size_t tasks = 64;
	constexpr u32 cpus = 4;

	struct open_set {
		std::unique_ptr<followed_set> set;
		std::set<const pb_task *> followed;
	};

	{
		machine m(cpus, tasks);
		std::mt19937 random(1);
		std::vector<open_set> open;
		const auto pick = [&](std::size_t below) { return random() % below; };

		for (int step = 0; step < 20'000; step++) {
			const u32 cpu = static_cast<u32>(pick(cpus));
			const pb_task *task = m.task(pick(tasks));
			const bool runs = std::count(m.current.begin(), m.current.end(), task);

			switch (pick(6)) {
			case 0:
				if (open.size() > 20)
					break;
				{
					const s32 on = static_cast<s32>(pick(cpus + 1)) - 1;
					const bool inherits = pick(2);

					open.push_back({std::make_unique<followed_set>(
								kind_of(task, on, inherits)),
							{task}});
				}
				break;
			case 1:
				if (!open.empty())
					open.erase(open.begin() +
						   static_cast<long>(pick(open.size())));
				break;
			case 2: {
				/* A child that no event follows, at the address of an old task. */
				bool fresh = !runs;

				for (const open_set &opened : open)
					fresh = fresh && !opened.followed.contains(task) &&
						opened.set->home().task() != task;
				if (!fresh)
					break;
				for (open_set &opened : open)
					if (opened.followed.contains(m.current[cpu]) &&
					    opened.set->inherits)
						opened.followed.insert(task);
				m.fork(task, cpu);
				break;
			}
			case 3:
				for (open_set &opened : open)
					opened.followed.erase(m.current[cpu]);
				m.exit(cpu);
				break;
			default:
				if (!runs)
					m.run(task, cpu);
				break;
			}
			for (const open_set &opened : open) {
				for (u32 on = 0; on < cpus; on++)
					ASSERT_EQ(opened.set->covers(on) &&
							  opened.set->has_running(on),
						  opened.set->covers(on) &&
							  opened.followed.contains(m.current[on]))
						<< "step " << step;
			}
			if (step % 50 == 0)
				grace_period();
		}
	}
}

} // namespace
