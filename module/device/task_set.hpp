/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tasks that an event with a target follows: the target, and with
 * attr.inherit what it makes after the event was opened.
 *
 *   member   of one set; found by task in a table that the scheduler's hook
 *            looks into without a lock
 *
 *   open() adds the target; a fork adds children; an exit removes; close()
 *   removes the rest
 */
#pragma once

#include "device/event.hpp"
#include "device/hooks.hpp"
#include "device/rcu_list.hpp"

#include <cxxrt/deferred.hpp>

namespace perfbuf
{

class task_set;

/*
 * Invariants: in the table just while the task is followed; left_ is touched by the CPU that runs
 * the task, with interrupts off. The task's exit removes it, so @task is that task and no later
 * one at its address.
 */
class task_member : public rcu_listed<task_member>
{
public:
	task_member(task_set &set, const pb_task *task) noexcept
		: set_(set), task_(task), reclaim_(*this, reclaim)
	{
	}

	task_set &set() const noexcept { return set_; }
	const pb_task *task() const noexcept { return task_; }

	/* For who follows the task: what is left of its period, ns. */
	u64 left() const noexcept { return left_.read_once(); }
	void set_left(u64 ns) noexcept { left_.write_once(ns); }

	/* After it was taken out of the table. */
	void retire() noexcept { reclaim_.start(); }

private:
	static void reclaim(task_member &self) noexcept { delete &self; }

	task_set &set_;
	const pb_task *const task_;
	cxxrt::shared<u64> left_;
	cxxrt::deferred<task_member> reclaim_;
};

class task_set : public rcu_listed<task_set>
{
public:
	explicit task_set(event &owner) noexcept;
	task_set(const task_set &) = delete;
	task_set &operator=(const task_set &) = delete;

	/* Begins to follow; all or nothing. EOPNOTSUPP, ENOMEM. Process context, may sleep. */
	cxxrt::result<void> open() noexcept;
	/* Forgets all members. The event is off and stays so. Process context. */
	void close() noexcept;

	/* Whether and as what @task is followed. Preemption off. */
	task_member *find(const pb_task *task) const noexcept;
	/* Where its tasks count: -1 for every CPU. */
	s32 cpu() const noexcept { return cpu_; }

	/* What happened, from the hooks: interrupts off, on the CPU and in the task at hand. */
	static void switched(const pb_task *prev, const pb_task *next, u32 cpu) noexcept;
	static void forked(const pb_task *child, bool is_thread) noexcept;
	static void exiting(u32 cpu) noexcept;
	static void executing(u32 cpu) noexcept;

	/* All sets that are open; preemption off. */
	static const rcu_list<task_set> &all() noexcept;

protected:
	~task_set();

	/* A member begins and ends to run on a CPU that the set covers. On that CPU, interrupts
	 * off, perhaps under the run queue's lock. Begin and end may come twice. */
	virtual void begin_run(task_member &who, u32 cpu) noexcept = 0;
	virtual void end_run(task_member &who, u32 cpu) noexcept = 0;

private:
	bool is_for(u32 cpu) const noexcept { return cpu_ < 0 || static_cast<u32>(cpu_) == cpu; }
	/* Under the table's lock. False: closed in the meantime. */
	bool add(task_member &made) noexcept;
	void remove(task_member &one) noexcept;

	event &event_;
	const s32 cpu_;
	const bool inherits_;
	const bool threads_only_;
	bool open_ = false; /* under the table's lock */
	u32 followed_ = 0;  /* the same */
	bool has_table_ = false;
	hook_set hooks_;
};

} // namespace perfbuf
