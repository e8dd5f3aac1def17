/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Side-band records: COMM, FORK, EXIT, MMAP, MMAP2 and SWITCH, as the kernel's hooks
 * report them. A reader of them is an event whose attr asks for some.
 *
 * A reader of all tasks hangs off its CPU, a reader of a set's tasks off the set.
 * A hook walks those of its CPU and those of the current task, so that a task that
 * no event follows pays for no other task's readers.
 *
 * The records of a reader are written with interrupts off, on the CPU that its
 * event allows, and in a task that its set follows. So an interrupt that was
 * handled on that CPU came after the last side-band writer.
 */
#pragma once

#include "device/event.hpp"
#include "device/hooks.hpp"
#include "device/rcu_list.hpp"

struct pb_map;

namespace perfbuf
{

class task_set;

class sideband_reader : public rcu_listed<sideband_reader>
{
public:
	/* @members: the event's tasks; nullptr: every task. */
	sideband_reader(event &owner, task_set *members) noexcept
		: owner_(owner), members_(members), cpu_(owner.cpu())
	{
	}
	sideband_reader(const sideband_reader &) = delete;
	sideband_reader &operator=(const sideband_reader &) = delete;

	/* Takes the hooks that attr wants. EOPNOTSUPP. Process context, may sleep. */
	cxxrt::result<void> open() noexcept;
	/* Records come from now on, while the event is active. After open(). */
	void attach() noexcept;
	/* And no longer; it does not wait for those that are written now. */
	void close() noexcept;

	/* Of an event of a cgroup: whether a task of it runs on the event's CPU. On that CPU,
	 * interrupts off. */
	void set_inside(bool is_inside) noexcept
	{
		cpu_.write_once(is_inside ? owner_.cpu() : event::no_cpu);
	}

	/* Calls @write(owner) for each reader that is to have a record of what @task does on @cpu,
	 * and that @wants. Interrupts off. */
	template <typename Wants, typename Write>
	static void each(u32 cpu, const pb_task *task, Wants &&wants, Write &&write) noexcept;
	/* The same for the current task. */
	template <typename Wants, typename Write>
	static void each(u32 cpu, Wants &&wants, Write &&write) noexcept;

	bool has_missed() const noexcept { return missed_.read_once(); }
	/* Counts one loss for a child that is not followed, even if the child would have written no
	 * record. Any context. */
	void miss_child() noexcept
	{
		if (!has_missed())
			missed_.fetch_add(1);
	}
	/* As the event's writer. */
	void count_missed() noexcept;

private:
	bool may_write(u32 cpu) noexcept;

	event &owner_;
	task_set *const members_;
	cxxrt::shared<s32> cpu_; /* where a reader of all tasks gets records now */
	bool attached_ = false;
	cxxrt::shared<u64> missed_; /* records that came while writers might not begin */
	hook_set hooks_;
};

/* From the hooks: interrupts off, in the task at hand. */
void sideband_forked(const pb_task *child, u32 cpu) noexcept;
void sideband_exiting(u32 cpu) noexcept;
/* @prev is the current task in both. */
void sideband_switched_out(pb_task *prev, pb_task *next, bool preempted, u32 cpu) noexcept;
void sideband_switched_in(pb_task *prev, pb_task *next, u32 cpu) noexcept;
void sideband_renamed(const pb_task *task, const char *name, bool exec, u32 cpu) noexcept;
void sideband_mapped(const pb_map &map, u32 cpu) noexcept;

} // namespace perfbuf
