/* SPDX-License-Identifier: GPL-2.0 */
/* A machine of as many CPUs and tasks as a test wants, for the real task_set and task_index. */
#pragma once

#include "device/task_set.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace perfbuf::host
{

struct machine {
	machine(unsigned cpus, std::size_t tasks);
	~machine();

	const pb_task *task(std::size_t index) const;
	/* A switch on @cpu, with the hook that it calls. */
	void run(const pb_task *next, u32 cpu);
	void idle(u32 cpu) { run(idle_task(cpu), cpu); }
	/* The task that runs on @cpu forks, exits or executes a program. */
	void fork(const pb_task *child, u32 cpu, bool is_thread = false);
	void exit(u32 cpu);
	void exec_secured(u32 cpu);
	void exec(u32 cpu);

	const pb_task *idle_task(u32 cpu) const;

	/* The caller, and what runs where. */
	u32 here = 0;
	std::vector<const pb_task *> current;
	std::vector<u32> last_cpu; /* of each task */
	unsigned long interrupts = 0;
	/* Parameters. */
	unsigned long task_events_max = 128;
	unsigned long user_members_max = 1000;
	unsigned long atomic_allocations = 0;
	bool has_no_memory = false;
	bool setup_locked = false;
	bool is_exiting = false; /* every task, behind its exit hook */
	/* Called once, at the next allocation. */
	std::function<void()> on_allocate;

private:
	std::size_t index_of(const pb_task *task) const;

	std::unique_ptr<char[]> tasks_;
	std::size_t count_;
};

/* The machine that there is. */
extern machine *the_machine;

/* Runs what waits for a grace period. */
void grace_period();

} // namespace perfbuf::host
