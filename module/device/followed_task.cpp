// SPDX-License-Identifier: GPL-2.0
/* One followed task: its memory, the CPU that it runs on, and calls that exclude its writers. */
#include "device/task_index.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::gfp;
using cxxrt::lock_guard;

namespace
{

constinit cxxrt::lock_class task_lock_class{"perfbuf followed task", {}};

} // namespace

followed_task::followed_task(u32 capacity) noexcept
	: lock(task_lock_class), capacity_(capacity), reclaim_(*this, reclaim)
{
}

followed_task *followed_task::allocate(u32 members, gfp how) noexcept
{
	static_assert(alignof(task_member) <= alignof(followed_task));
	static_assert(sizeof(followed_task) % alignof(members_of_task) == 0);

	/* Zeros are empty lists. */
	void *memory = cxxrt_alloc(sizeof(followed_task) +
					   (1 + pb_nr_cpu_ids()) * sizeof(members_of_task) +
					   members * sizeof(task_member),
				   static_cast<unsigned int>(how));

	return memory ? ::new (memory) followed_task(members) : nullptr;
}

void followed_task::free(followed_task *followed) noexcept
{
	while (followed) {
		followed_task *next = followed->beside_;

		followed->~followed_task();
		cxxrt_free(followed);
		followed = next;
	}
}

task_member *followed_task::member_memory(u32 index) noexcept
{
	return reinterpret_cast<task_member *>(lists() + 1 + pb_nr_cpu_ids()) + index;
}

void followed_task::set_cpu(s32 cpu) noexcept
{
	lock_guard held(lock);

	cpu_.write_once(cpu);
}

namespace
{

struct call_in_task {
	const pb_task *task;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

void call_here(void *of) noexcept
{
	call_in_task &wanted = *static_cast<call_in_task *>(of);

	/* Runs in an interrupt. The task may have left the CPU before the interrupt arrived. */
	if (pb_task_current() != wanted.task)
		return;
	wanted.fn(wanted.arg);
	wanted.done = true;
}

} // namespace

/*
 * The writers of an event on a task and on any CPU are inside only while the task runs, on its CPU,
 * with interrupts off. So an interrupt that finds the task running excludes them. If the task does
 * not run, the lock keeps it from starting, and late_ keeps late writers out.
 */
void followed_task::run_alone(void (*fn)(void *arg), void *arg) noexcept
{
	call_in_task wanted = {task_, fn, arg, false};

	do {
		s32 runs_on;
		{
			lock_guard held(lock);

			runs_on = cpu();
			if (runs_on < 0) {
				/*
				 * Such a writer runs on another CPU, or has finished on this CPU.
				 */
				while (!late_.try_cmpxchg(free_, alone))
					cxxrt::barrier();
				fn(arg);
				late_.store_release(free_);
				return;
			}
		}
		pb_call_on_cpu(runs_on, call_here, &wanted);
	} while (!wanted.done);
}

} // namespace perfbuf
