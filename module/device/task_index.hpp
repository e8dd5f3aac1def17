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

/*
 * Invariants: linked_ is under the task's lock, and true just while the member is in both lists.
 * left_ is touched by the CPU that runs the task, with interrupts off.
 */
class task_member : public rcu_listed<task_member, of_task>, public rcu_listed<task_member, of_set>
{
public:
	task_member() noexcept = default;
	task_member(const task_member &) = delete;
	task_member &operator=(const task_member &) = delete;

	task_set &set() const noexcept { return *set_; }
	followed_task &task() const noexcept { return *task_; }

	/* For the set: what is left of the task's period. */
	u64 left() const noexcept { return left_.read_once(); }
	void set_left(u64 value) noexcept { left_.write_once(value); }

private:
	friend class task_set;

	task_set *set_ = nullptr;
	followed_task *task_ = nullptr;
	cxxrt::shared<u64> left_;
	bool linked_ = false;
};

using members_of_task = rcu_list<task_member, of_task>;
using members_of_set = rcu_list<task_member, of_set>;

/*
 * Invariant: it is in the index just while it has users: its members, the sets that were opened on
 * it, and those who are adding a member. A set that was opened on a task holds the task, and a
 * member of another set is removed by the task's exit. So a task in the index is that task, and not
 * a later one at the same address.
 *
 * A fork makes it in one piece with the members that it needs; their memory goes with it.
 */
class followed_task : public rcu_listed<followed_task>
{
public:
	/* With memory for @members. nullptr: there is none. Contexts: as @how says. */
	static followed_task *allocate(u32 members, cxxrt::gfp how) noexcept;
	static void free(followed_task *one) noexcept;

	const pb_task *task() const noexcept { return task_; }

	/* Members of sets on CPU @cpu, or on any CPU (-1). Walks: preemption off; changes: lock. */
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
	 * Calls @fn(@arg) where no other writer of the events on this task and on any CPU is
	 * inside: on the task's CPU while it runs, with interrupts off; or here, while the task
	 * cannot begin to run. Process context.
	 */
	void run_alone(void (*fn)(void *arg), void *arg) noexcept;
	/*
	 * A writer that comes after the scheduler's hook, when the task has not quite left its CPU.
	 * False: somebody is alone. Preemption off, on that CPU; also NMI.
	 */
	[[nodiscard]] bool try_enter_late() noexcept { return late_.try_cmpxchg(free_, writer); }
	void exit_late() noexcept { late_.store_release(free_); }

	/* For a fork: member number @index of the memory behind this object. */
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
		for (task_member *one = list.first(); one; one = members_of_task::next(*one))
			call(*one);
	}
	members_of_task *lists() noexcept { return reinterpret_cast<members_of_task *>(this + 1); }
	static void reclaim(followed_task &self) noexcept { free(&self); }

	const pb_task *task_ = nullptr;
	cxxrt::shared<s32> cpu_{-1};
	cxxrt::shared<u32> late_{free_};
	cxxrt::shared<u32> users_;
	const u32 capacity_;
	/* Memory of members that came with an object that another was found for. */
	followed_task *beside_ = nullptr;
	cxxrt::deferred<followed_task> reclaim_;
};

/* The one index of the module. It is there while a set is. */
class task_index
{
public:
	/* A user of the index comes and goes. Process context; the first may sleep and fail. */
	static cxxrt::result<void> join() noexcept;
	static void leave() noexcept;

	/* nullptr: no event follows @task. Preemption off. */
	static followed_task *find(const pb_task *task) noexcept;

	/*
	 * The followed task of @task, with @users more: the one that is there, or @made. Preemption
	 * off. Between join() and leave().
	 */
	static followed_task &get(const pb_task *task, followed_task &made, u32 users) noexcept;
	/* The memory of @unused, which get() did not return, goes with @one. */
	static void keep_beside(followed_task &one, followed_task &unused) noexcept;
	static void put(followed_task &one, u32 users) noexcept;

	/*
	 * Memory for a child with @members members: prepared before, since a fork cannot sleep, or
	 * nullptr. @is_limited: all events are of users with limits, who leave some for others. The
	 * second prepares it; process context.
	 */
	static followed_task *take_spare(u32 members, bool is_limited) noexcept;
	static void prepare_spares(u32 members) noexcept;
};

} // namespace perfbuf
