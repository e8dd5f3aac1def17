/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Side-band records: COMM, FORK, EXIT, MMAP, MMAP2 and SWITCH, as the kernel's hooks
 * report them. A listener is an event that asked for some of them in its attr.
 *
 * The records of a listener are written with interrupts off, on the CPU that its
 * event allows, and in a task that its set follows. So whoever has had an
 * interrupt handled on that CPU knows that no side-band writer is inside any more.
 */
#pragma once

#include "device/event.hpp"
#include "device/hooks.hpp"
#include "device/rcu_list.hpp"

struct pb_map;

namespace perfbuf
{

class task_set;

class sideband_listener : public rcu_listed<sideband_listener>
{
public:
	/* @members: the event's tasks; nullptr: every task. */
	sideband_listener(event &owner, const task_set *members) noexcept
		: owner_(owner), members_(members)
	{
	}
	sideband_listener(const sideband_listener &) = delete;
	sideband_listener &operator=(const sideband_listener &) = delete;

	/* Takes the hooks that attr wants. EOPNOTSUPP. Process context, may sleep. */
	cxxrt::result<void> open() noexcept;
	/* Records come from now on, while the event is active. After open(). */
	void listen() noexcept;
	/* And no longer; it does not wait for those that are written now. */
	void close() noexcept;

	event &owner() const noexcept { return owner_; }

	/* Calls @write(owner) for each listener that is to hear of what @task does on @cpu, and
	 * that
	 * @wants. Interrupts off. */
	template <typename Wants, typename Write>
	static void each(u32 cpu, const pb_task *task, Wants &&wants, Write &&write) noexcept;
	/* The same for the current task. */
	template <typename Wants, typename Write>
	static void each(u32 cpu, Wants &&wants, Write &&write) noexcept;

	bool has_missed() const noexcept { return missed_.read_once(); }
	/* As the event's writer. */
	void count_missed() noexcept;

private:
	bool concerns(u32 cpu, const pb_task *task) const noexcept;
	bool may_write(u32 cpu) noexcept;

	event &owner_;
	const task_set *const members_;
	bool listens_ = false;
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
