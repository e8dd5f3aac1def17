// SPDX-License-Identifier: GPL-2.0
/* A machine in memory: tasks that fork, exec, exit and switch between CPUs. */
#include "machine.hpp"

#include "glue/setup.h"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace perfbuf::host
{

namespace
{

constexpr std::size_t task_bytes = 8192 + 64;

struct deferred_work {
	void (*reclaim)(void *);
	bool queued;
};

std::vector<deferred_work *> deferred;

} // namespace

machine *the_machine;

machine::machine(unsigned cpus, std::size_t tasks)
	: current(cpus), last_cpu(tasks + cpus), tasks_(new char[(tasks + cpus) * task_bytes]),
	  count_(tasks)
{
	the_machine = this;
	for (u32 cpu = 0; cpu < cpus; cpu++)
		current[cpu] = idle_task(cpu);
}

machine::~machine()
{
	grace_period();
	the_machine = nullptr;
}

const pb_task *machine::task(std::size_t index) const
{
	return reinterpret_cast<const pb_task *>(tasks_.get() + index * task_bytes);
}

const pb_task *machine::idle_task(u32 cpu) const
{
	return task(count_ + cpu);
}

std::size_t machine::index_of(const pb_task *task) const
{
	return static_cast<std::size_t>(reinterpret_cast<const char *>(task) - tasks_.get()) /
	       task_bytes;
}

void machine::run(const pb_task *next, u32 cpu)
{
	const u32 before = std::exchange(here, cpu);

	last_cpu[index_of(next)] = cpu;
	task_set::switched(current[cpu], next, cpu);
	current[cpu] = next;
	here = before;
}

void machine::fork(const pb_task *child, u32 cpu, bool is_thread)
{
	const u32 before = std::exchange(here, cpu);

	task_set::forked(child, is_thread);
	here = before;
}

void machine::exit(u32 cpu)
{
	const u32 before = std::exchange(here, cpu);

	task_set::exiting(cpu);
	here = before;
}

void machine::exec_secured(u32 cpu)
{
	const u32 before = std::exchange(here, cpu);

	task_set::secured(cpu);
	here = before;
}

void machine::exec(u32 cpu)
{
	const u32 before = std::exchange(here, cpu);

	task_set::executing(cpu);
	here = before;
}

void grace_period()
{
	while (!deferred.empty()) {
		deferred_work *last = deferred.back();

		deferred.pop_back();
		last->queued = false;
		last->reclaim(last);
	}
}

} // namespace perfbuf::host

using namespace perfbuf;
using namespace perfbuf::host;

/* Each hook is there. */
hook_set::~hook_set() = default;
cxxrt::result<void> hook_set::take(hook) noexcept
{
	return {};
}

extern "C" {

void *cxxrt_alloc(unsigned long bytes, unsigned int gfp) noexcept
{
	the_machine->atomic_allocations += gfp == PB_GFP_ATOMIC;
	if (the_machine->setup_locked) {
		std::fputs("memory is charged under a lock that other users take\n", stderr);
		std::abort();
	}
	if (const auto meanwhile = std::exchange(the_machine->on_allocate, nullptr))
		meanwhile();
	if (the_machine->has_no_memory)
		return nullptr;
	return std::calloc(1, bytes);
}

void cxxrt_free(void *memory) noexcept
{
	std::free(memory);
}

void cxxrt_spinlock_init(void *lock, const char *, void *) noexcept
{
	*static_cast<int *>(lock) = 0;
}

/* One thread: what is taken twice is a deadlock. */
unsigned long cxxrt_spinlock_lock(void *lock) noexcept
{
	if (std::exchange(*static_cast<int *>(lock), 1)) {
		std::fputs("a lock is taken twice\n", stderr);
		std::abort();
	}
	return 0;
}

void cxxrt_spinlock_unlock(void *lock, unsigned long) noexcept
{
	*static_cast<int *>(lock) = 0;
}

void cxxrt_defer_init(void *work, void (*reclaim)(void *)) noexcept
{
	::new (work) deferred_work{reclaim, false};
}

void cxxrt_defer(void *work) noexcept
{
	deferred_work *item = static_cast<deferred_work *>(work);

	if (!std::exchange(item->queued, true))
		deferred.push_back(item);
}

void cxxrt_synchronize_rcu() noexcept
{
}

void cxxrt_warn(const char *message) noexcept
{
	std::fprintf(stderr, "%s\n", message);
	std::abort();
}

void cxxrt_fatal(const char *message) noexcept
{
	cxxrt_warn(message);
	std::abort();
}

unsigned long pb_param_task_events_max() noexcept
{
	return the_machine->task_events_max;
}

unsigned long pb_param_user_members_max() noexcept
{
	return the_machine->user_members_max;
}

void pb_setup_lock() noexcept
{
	the_machine->setup_locked = true;
}

void pb_setup_unlock() noexcept
{
	the_machine->setup_locked = false;
}

void pb_preempt_disable() noexcept
{
}

void pb_preempt_enable() noexcept
{
}

u32 pb_nr_cpu_ids() noexcept
{
	return static_cast<u32>(the_machine->current.size());
}

u32 pb_this_cpu() noexcept
{
	return the_machine->here;
}

pb_task *pb_task_current() noexcept
{
	return const_cast<pb_task *>(the_machine->current[the_machine->here]);
}

int pb_task_is_exiting(const pb_task *) noexcept
{
	return the_machine->is_exiting;
}

u32 pb_task_cpu(const pb_task *task) noexcept
{
	for (u32 cpu = 0; cpu < the_machine->current.size(); cpu++) {
		if (the_machine->current[cpu] == task)
			return cpu;
	}
	return 0;
}

int pb_task_may_run(const pb_task *task) noexcept
{
	return task == the_machine->current[pb_task_cpu(task)];
}

int pb_call_on_cpu(int cpu, void (*fn)(void *), void *arg) noexcept
{
	const u32 before = std::exchange(the_machine->here, static_cast<u32>(cpu));

	the_machine->interrupts += before != static_cast<u32>(cpu);
	fn(arg);
	the_machine->here = before;
	return 0;
}

} // extern "C"
