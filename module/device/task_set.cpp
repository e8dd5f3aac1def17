// SPDX-License-Identifier: GPL-2.0
/* Adds tasks to an event's set at open, fork and exec, and removes them at exit. */
#include "device/task_set.hpp"

#include "device/preempt_guard.hpp"
#include "glue/glue.h"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class set_lock_class{"perfbuf task set", {}};

} // namespace

task_set::task_set(const task_set_kind &kind) noexcept : kind_(kind), lock_(set_lock_class)
{
}

task_set::~task_set()
{
	if (home_) {
		preempt_guard held;

		task_index::put(*home_, 1);
	}
	if (joined_)
		task_index::leave();
}

result<void> task_set::open() noexcept
{
	/* The exit hook is in place before the first member: none outlives its task. */
	TRY(hooks_.take(hook::task_exit));
	TRY(hooks_.take(hook::task_secure));
	TRY(hooks_.take(hook::task_switch));
	if (kind_.inherits)
		TRY(hooks_.take(hook::task_fork));
	if (kind_.enables_on_exec || kind_.removes_on_exec)
		TRY(hooks_.take(hook::task_rename));

	TRY(task_index::join());
	joined_ = true;

	followed_task *made = followed_task::allocate(0, gfp::kernel);

	if (!made)
		return error(ENOMEM);

	result<void> added;
	{
		preempt_guard held;

		/* One user for this set, one for the member. */
		home_ = &task_index::get(kind_.target, *made, 2);
		{
			lock_guard locked(lock_);

			open_ = true;
		}
		added = add(first_, *home_);
		if (!added)
			task_index::put(*home_, 1);
	}
	/* Not with preemption off, where a kernel with sleeping spinlocks cannot free. */
	if (home_ != made)
		followed_task::free(made);
	TRY(std::move(added));
	{
		preempt_guard held;

		locate(first_);
	}

	/*
	 * E, pairs with F in exiting(): the target may exit meanwhile. Either its hook finds the
	 * member, or this function reads PF_EXITING. If both happen, the second remove() finds
	 * nothing.
	 */
	cxxrt::smp_mb();
	if (pb_task_is_exiting(kind_.target)) {
		preempt_guard held;

		remove_elsewhere(first_);
	}
	if (kind_.inherits)
		prepare_children();
	return {};
}

/* A fork of the target makes as many members as its sets that inherit; each of them prepares. */
void task_set::prepare_children() noexcept
{
	u32 members = 0;
	{
		preempt_guard held;

		home_->each([&](task_member &member) { members += member.set().kind_.inherits; });
	}
	task_index::prepare_spares(members);
}

void task_set::close() noexcept
{
	if (!home_)
		return;
	{
		lock_guard held(lock_);

		/* A fork adds no member from here on. */
		open_ = false;
	}
	for (;;) {
		/* A step for each lock. What is removed meanwhile stays valid. */
		preempt_guard in_step;
		task_member *member;
		{
			lock_guard held(lock_);

			member = members_.first();
		}
		if (!member)
			break;
		remove(*member);
	}
}

result<void> task_set::take_member(followed_task &to) noexcept
{
	if (!kind_.members_of_user)
		return {};
	if (to.limited_members >= pb_param_task_events_max())
		return error(ENOSPC);
	if (kind_.members_of_user->fetch_add(1) >= pb_param_user_members_max()) {
		kind_.members_of_user->fetch_add(u64{0} - 1);
		return error(EMFILE);
	}
	to.limited_members++;
	return {};
}

result<void> task_set::add(task_member &made, followed_task &to) noexcept
{
	lock_guard task_held(to.lock);
	lock_guard held(lock_);

	if (!open_)
		return error(EBADF);
	if (extended_ && follows(to))
		return error(EEXIST);
	TRY(take_member(to));
	made.set_ = this;
	made.task_ = &to;
	made.linked_ = true;
	members_.push(made);
	followed_++;
	to.on(kind_.cpu).push(made);
	if (kind_.cpu >= 0)
		to.cpu_members.write_once(to.cpu_members.read_once() + 1);
	return {};
}

void task_set::remove(task_member &member) noexcept
{
	followed_task &task = member.task();
	bool was_last = false;
	{
		lock_guard task_held(task.lock);

		if (!member.linked_)
			return;
		member.linked_ = false;
		members_of_task::remove(member);
		if (kind_.cpu >= 0)
			task.cpu_members.write_once(task.cpu_members.read_once() - 1);

		lock_guard held(lock_);

		members_of_set::remove(member);
		was_last = !--followed_ && open_;
		/* Under the lock: the count goes with the file, which close() lets go. */
		if (kind_.members_of_user) {
			task.limited_members--;
			kind_.members_of_user->fetch_add(u64{0} - 1);
		}
	}
	task_index::put(task, 1);
	if (member.is_own_)
		free_own(member);
	if (was_last)
		all_exited();
}

/* ---------------------------------------------------------------- from the hooks */

void task_set::switched(const pb_task *prev, const pb_task *next, u32 cpu) noexcept
{
	if (followed_task *leaves = task_index::find(prev)) {
		leaves->each_on(cpu, [=](task_member &member) {
			member.set().end_run(member, cpu);
			member.set().slot(cpu).running.store_release(nullptr);
		});
		/* run_alone() may run a function on the task's rings from here on. */
		leaves->set_cpu(-1);
	}

	followed_task *arrives = task_index::find(next);

	if (!arrives)
		return;
	arrives->set_cpu(static_cast<s32>(cpu));
	arrives->each_on(cpu, [=](task_member &member) {
		member.set().slot(cpu).running.store_release(&member);
	});
	/* G, pairs with H in on_tasks::on_its_cpus(). */
	cxxrt::smp_mb();
	arrives->each_on(cpu, [=](task_member &member) { member.set().begin_run(member, cpu); });
}

void task_set::forked(const pb_task *child, bool is_thread) noexcept
{
	followed_task *parent = task_index::find(pb_task_current());
	u32 wanted = 0;
	bool is_limited = true;

	if (!parent)
		return;
	parent->each([&](task_member &member) {
		if (!member.set().takes(is_thread))
			return;
		wanted++;
		is_limited &= member.set().kind_.members_of_user != nullptr;
	});
	if (!wanted)
		return;

	/* Without memory the child is not followed. The fork itself does not fail. */
	followed_task *memory = task_index::take_spare(wanted, is_limited);

	if (!memory) {
		parent->each([&](task_member &member) {
			if (member.set().takes(is_thread))
				member.set().child_not_followed();
		});
		return;
	}

	/* One user for each member, and one for this function. Events that are opened meanwhile are
	 * not inherited. */
	followed_task &to = task_index::get(child, *memory, wanted + 1);

	if (&to != memory)
		task_index::keep_beside(to, *memory);

	u32 used = 0;

	parent->each([&](task_member &member) {
		task_set &set = member.set();

		if (used == wanted || !set.takes(is_thread))
			return;

		const result<void> added =
			set.add(*::new (memory->member_memory(used)) task_member, to);

		if (added)
			used++;
		else if (added.error().code() != EBADF && added.error().code() != EEXIST)
			set.child_not_followed();
	});
	task_index::put(to, wanted + 1 - used);
}

void task_set::exiting(u32 cpu) noexcept
{
	/* F, pairs with E in open(): the kernel has set PF_EXITING. */
	cxxrt::smp_mb();
	remove_all(cpu);
}

void task_set::secured(u32 cpu) noexcept
{
	remove_all(cpu);
}

void task_set::remove_all(u32 cpu) noexcept
{
	followed_task *mine = task_index::find(pb_task_current());

	if (!mine)
		return;
	mine->each([=](task_member &member) { remove_running(member, cpu); });
}

void task_set::remove_running(task_member &member, u32 cpu) noexcept
{
	task_set &set = member.set();

	if (set.covers(cpu)) {
		set.end_run(member, cpu);
		set.slot(cpu).running.store_release(nullptr);
	}
	set.remove(member);
}

void task_set::executing(u32 cpu) noexcept
{
	followed_task *mine = task_index::find(pb_task_current());

	if (!mine)
		return;
	mine->each([=](task_member &member) {
		task_set &set = member.set();

		if (set.kind_.enables_on_exec && set.enable_on_exec() && set.covers(cpu))
			set.begin_run(member, cpu);
		if (set.kind_.removes_on_exec)
			remove_running(member, cpu);
	});
}

void task_set::cpu_opened(u32 cpu) noexcept
{
	followed_task *mine = task_index::find(pb_task_current());

	if (mine)
		mine->each_on(cpu,
			      [=](task_member &member) { member.set().begin_run(member, cpu); });
}

void task_set::cpu_closing(u32 cpu) noexcept
{
	followed_task *mine = task_index::find(pb_task_current());

	if (mine)
		mine->each_on(cpu, [=](task_member &member) { member.set().end_run(member, cpu); });
}

} // namespace perfbuf
