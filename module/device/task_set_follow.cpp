// SPDX-License-Identifier: GPL-2.0
/* Where the task of a new member runs, and PERFBUF_IOC_FOLLOW. */
#include "device/preempt_guard.hpp"
#include "device/task_set.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::result;

struct task_set::locator {
	task_set &set;
	task_member &member;

	/* The exit hook comes on this CPU, too: it has removed the member, or will. */
	static void locate_here(void *self) noexcept
	{
		task_set &set = static_cast<locator *>(self)->set;
		task_member &member = static_cast<locator *>(self)->member;
		followed_task &task = member.task();
		const u32 cpu = pb_this_cpu();

		if (pb_task_current() != task.task())
			return;
		{
			lock_guard held(task.lock);

			if (!member.linked_)
				return;
		}
		task.set_cpu(static_cast<s32>(cpu));
		if (!set.covers(cpu))
			return;
		set.slot(cpu).running.store_release(&member);
		set.begin_run(member, cpu);
	}

	/* The member is in no list, so no hook makes it run any more. */
	static void forget_here(void *self) noexcept
	{
		task_set &set = static_cast<locator *>(self)->set;
		task_member &member = static_cast<locator *>(self)->member;
		const u32 cpu = pb_this_cpu();

		if (!set.covers(cpu) || set.running(cpu) != &member)
			return;
		set.end_run(member, cpu);
		set.slot(cpu).running.store_release(nullptr);
	}
};

/*
 * If the task was switched to before the switch's hook could see the member, it either runs there
 * still, or the next switch to it sees the member. The member is in the list before the task's CPU
 * is read; the scheduler sets that before it takes the run queue's lock, which is a barrier, and
 * calls the hook under it. A task that sleeps runs on no CPU, so that thousands of threads of
 * which most sleep interrupt no CPU.
 */
void task_set::locate(task_member &member) noexcept
{
	locator wanted{*this, member};

	cxxrt::smp_mb();
	if (!pb_task_may_run(member.task().task()))
		return;

	const u32 cpu = pb_task_cpu(member.task().task());

	if (covers(cpu))
		pb_call_on_cpu(static_cast<int>(cpu), locator::locate_here, &wanted);
}

/* A task that is exiting may be switched to after its exit hook, and then runs as a member. */
void task_set::remove_elsewhere(task_member &member) noexcept
{
	locator wanted{*this, member};

	remove(member);
	if (kind_.cpu >= 0)
		pb_call_on_cpu(kind_.cpu, locator::forget_here, &wanted);
}

namespace
{

/* A member that is freed a grace period after it was removed. */
class own_member : public task_member
{
public:
	own_member() noexcept : reclaim_(*this, reclaim) {}

	void free() noexcept { reclaim_.start(); }

private:
	static void reclaim(own_member &self) noexcept { delete &self; }

	cxxrt::deferred<own_member> reclaim_;
};

} // namespace

void task_set::free_own(task_member &member) noexcept
{
	static_cast<own_member &>(member).free();
}

bool task_set::follows(followed_task &of) const noexcept
{
	const members_of_task &all = of.on(kind_.cpu);

	for (const task_member *member = all.first(); member;
	     member = members_of_task::next(*member))
		if (&member->set() == this)
			return true;
	return false;
}

result<void> task_set::follow(const pb_task *task) noexcept
{
	{
		preempt_guard held;
		followed_task *found = task_index::find(task);

		if (found && follows(*found))
			return {};

		lock_guard locked(lock_);

		if (!followed_)
			return error(ESRCH);
		extended_ = true;
	}

	cxxrt::unique_ptr<own_member> made = TRY(cxxrt::make<own_member>(gfp::kernel));
	followed_task *memory = followed_task::allocate(0, gfp::kernel);

	if (!memory)
		return error(ENOMEM);

	result<void> added;
	{
		preempt_guard held;
		followed_task &to = task_index::get(task, *memory, 1);

		if (&to == memory)
			memory = nullptr;
		made->is_own_ = true;
		added = add(*made, to);
		if (!added) {
			task_index::put(to, 1);
		} else {
			/* From here on remove() frees it, a grace period after us. */
			task_member &member = *made.release();

			locate(member);
			/* E, as in open(). */
			cxxrt::smp_mb();
			if (pb_task_is_exiting(task)) {
				remove_elsewhere(member);
				added = error(ESRCH);
			}
		}
	}
	followed_task::free(memory);
	if (!added && added.error().code() == EEXIST)
		return {};
	return added;
}

} // namespace perfbuf
