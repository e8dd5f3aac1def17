/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tasks that events follow. docs/control-plane.md has the costs.
 *
 *   task_member     one task of one set (device/task_set.hpp)
 *   followed_task   a task with its members: those of sets on any CPU, and those of sets on each
 *                   CPU, in a list each
 *   task_index      finds the followed task of a task, without a lock
 *
 * A task that no event follows costs a look into one bucket of the index, whatever others follow.
 */
#pragma once

#include "device/rcu_list.hpp"
#include "device/task.h"
#include "ring/abi.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/deferred.hpp>
#include <cxxrt/lock.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class followed_task;
class task_set;

/* The two lists that a member is in. */
struct of_task;
struct of_set;

/* Invariants: the task's lock guards linked_, which is true while the member is in both lists. Only
 * the CPU that runs the task touches left_, with interrupts off. */
class task_member : public rcu_listed<task_member, of_task>, public rcu_listed<task_member, of_set>
{
public:
	task_member() noexcept = default;
	task_member(const task_member &) = delete;
	task_member &operator=(const task_member &) = delete;

	task_set &set() const noexcept { return *set_; }
	followed_task &task() const noexcept { return *task_; }

	/* The rest of the task's period, for the set. */
	u64 left() const noexcept { return left_.read_once(); }
	void set_left(u64 value) noexcept { left_.write_once(value); }

private:
	friend class task_set;

	task_set *set_ = nullptr;
	followed_task *task_ = nullptr;
	cxxrt::shared<u64> left_;
	bool linked_ = false;
	bool is_own_ = false; /* task_set::follow() allocated it by itself */
};

using members_of_task = rcu_list<task_member, of_task>;
using members_of_set = rcu_list<task_member, of_set>;

/*
 * A task that at least one event follows.
 *
 * Invariant: it is in the index as long as it has users. Users are its members, the sets that were
 * opened on it, and functions that add a member. A set that was opened on a task holds a reference
 * to the task, and the task's exit removes the members of other sets. So a task in the index is
 * never a later task at the same address.
 *
 * A fork allocates it together with the members that it needs, in one allocation.
 */
class followed_task : public rcu_listed<followed_task>
{
public:
	/* Allocates one with memory for @members; nullptr: no memory. In a context that @how
	 * allows. */
	static followed_task *allocate(u32 members, cxxrt::gfp how) noexcept;
	static void free(followed_task *followed) noexcept;

	const pb_task *task() const noexcept { return task_; }

	/* The members of sets on CPU @cpu, or on any CPU (-1). Walks need preemption off, changes
	 * need the lock. */
	members_of_task &on(s32 cpu) noexcept { return lists()[cpu + 1]; }
	/* Calls @call(member) for the members of sets that cover @cpu. Preemption off. */
	template <typename Call>
	void each_on(u32 cpu, Call &&call) noexcept
	{
		each_of(on(-1), call);
		each_of(on(static_cast<s32>(cpu)), call);
	}
	/* The same for all members. */
	template <typename Call>
	void each(Call &&call) noexcept
	{
		each_of(on(-1), call);
		if (!cpu_members.read_once())
			return;
		for (u32 cpu = 0; cpu < pb_nr_cpu_ids(); cpu++)
			each_of(on(static_cast<s32>(cpu)), call);
	}

	/*
	 * The CPU that the task runs on, or -1; since the first set was opened on it, or since its
	 * fork. Changed on that CPU with interrupts off, under the lock.
	 */
	s32 cpu() const noexcept { return cpu_.read_once(); }
	void set_cpu(s32 cpu) noexcept;

	/*
	 * Calls @fn(@arg) while no writer of the events on this task and on any CPU is inside: on
	 * the task's CPU while the task runs, with interrupts off; or on this CPU, while the task
	 * is kept from running. Process context.
	 */
	void run_alone(void (*fn)(void *arg), void *arg) noexcept;
	/* Enters as a writer after the scheduler's hook, while the task has not quite left its CPU.
	 * False: run_alone() keeps writers out. Preemption off, on that CPU; also NMI. */
	[[nodiscard]] bool try_enter_late() noexcept { return late_.try_cmpxchg(free_, writer); }
	void exit_late() noexcept { late_.store_release(free_); }

	/* For a fork: the memory of member number @index, behind this object. */
	task_member *member_memory(u32 index) noexcept;
	u32 capacity() const noexcept { return capacity_; }

	cxxrt::spinlock lock;		/* of the lists and of cpu(); outside of a set's lock */
	cxxrt::shared<u32> cpu_members; /* of sets on one CPU; changed under the lock */
	u32 limited_members = 0;	/* of users with limits; under the lock */

private:
	friend class task_index;
	friend class spare_tasks;

	enum : u32 { free_, alone, writer };

	explicit followed_task(u32 capacity) noexcept;

	template <typename Call>
	static void each_of(members_of_task &list, Call &call) noexcept
	{
		for (task_member *member = list.first(); member;
		     member = members_of_task::next(*member))
			call(*member);
	}
	members_of_task *lists() noexcept { return reinterpret_cast<members_of_task *>(this + 1); }
	static void reclaim(followed_task &self) noexcept { free(&self); }

	const pb_task *task_ = nullptr;
	cxxrt::shared<s32> cpu_{-1};
	cxxrt::shared<u32> late_{free_};
	cxxrt::shared<u32> users_;
	const u32 capacity_;
	/* Objects that get() did not use, but whose members this task has. */
	followed_task *beside_ = nullptr;
	cxxrt::deferred<followed_task> reclaim_;
};

/* The one index of the module. It exists while at least one set does. */
class task_index
{
public:
	/* Adds and removes a user of the index. Process context; join() of the first user may sleep
	 * and fail. */
	static cxxrt::result<void> join() noexcept;
	static void leave() noexcept;

	/* Returns the followed task; nullptr: no event follows @task. Preemption off. */
	static followed_task *find(const pb_task *task) noexcept;

	/* Returns the followed task of @task, or makes @made the followed task; adds @users to its
	 * users. Preemption off. Between join() and leave(). */
	static followed_task &get(const pb_task *task, followed_task &made, u32 users) noexcept;
	/* Frees @unused, which get() did not return, together with @followed. */
	static void keep_beside(followed_task &followed, followed_task &unused) noexcept;
	static void put(followed_task &followed, u32 users) noexcept;

	/*
	 * take_spare() returns memory for a child with @members members, or nullptr. It was
	 * allocated before, because a fork cannot sleep. @is_limited: all of these events belong to
	 * users with limits, and some spares are reserved for others. prepare_spares() allocates
	 * it; process context.
	 */
	static followed_task *take_spare(u32 members, bool is_limited) noexcept;
	static void prepare_spares(u32 members) noexcept;
};

} // namespace perfbuf
