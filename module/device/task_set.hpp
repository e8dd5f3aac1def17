/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tasks that an event with a target follows: the target, and with
 * attr.inherit the children that are made after the event was opened.
 *
 *   open() adds the target; a fork adds a child; an exit, an exec that the
 *   event's user may not look into, or with attr.remove_on_exec any exec,
 *   removes a task; close() removes the rest
 */
#pragma once

#include "device/hooks.hpp"
#include "device/task_index.hpp"

namespace perfbuf
{

class sideband_reader;

/* The properties of an event that its set uses. */
struct task_set_kind {
	const pb_task *target; /* the event holds a reference while the set lives */
	s32 cpu;	       /* the CPU on which the tasks count; -1: all CPUs */
	bool inherits;
	bool threads_only; /* of what it inherits */
	bool enables_on_exec;
	bool removes_on_exec; /* a task that executes a program leaves the set */
	/*
	 * Counts the members of all sets of the event's user; nullptr: a user without limits. The
	 * limits are pb_param_user_members_max() members in all, and pb_param_task_events_max() of
	 * one task.
	 */
	cxxrt::shared<u64> *members_of_user;
};

/* The state of a set on one CPU. A derived class puts its own state behind it, in an array that the
 * set knows, so that a context switch goes from member to set to slot without a call. */
struct task_set_slot {
	/* The member that runs on this CPU. Changed there with interrupts off. */
	cxxrt::shared<task_member *> running;
};

class task_set
{
public:
	explicit task_set(const task_set_kind &kind) noexcept;
	task_set(const task_set &) = delete;
	task_set &operator=(const task_set &) = delete;

	/* Starts to follow the target and its threads, all or none. EOPNOTSUPP, ENOMEM; EMFILE,
	 * ENOSPC: a limit of the user. Process context, may sleep. */
	cxxrt::result<void> open() noexcept;
	/*
	 * Follows @task, too, which the caller holds. The set is open, and on one CPU. ESRCH: @task
	 * or every task of the set has exited; ENOMEM; EMFILE, ENOSPC: a limit of the user. One
	 * call at a time. Process context, may sleep.
	 */
	cxxrt::result<void> follow(const pb_task *task) noexcept;
	/* Removes all members. The event is off, and stays off. Process context. */
	void close() noexcept;

	s32 cpu() const noexcept { return kind_.cpu; }
	bool covers(u32 cpu) const noexcept
	{
		return kind_.cpu < 0 || static_cast<u32>(kind_.cpu) == cpu;
	}
	/*
	 * The member that runs on @cpu, which the set covers. has_running() may be called on any
	 * CPU: a caller that changes what begin_run() reads either finds the member, or begin_run()
	 * reads the change.
	 */
	bool has_running(u32 cpu) const noexcept { return slot(cpu).running.load_acquire(); }
	task_member *running(u32 cpu) const noexcept { return slot(cpu).running.read_once(); }

	/* followed_task::run_alone(), of the target. Between open() and the destructor. */
	void run_alone(void (*fn)(void *arg), void *arg) noexcept { home_->run_alone(fn, arg); }
	/* The target. */
	followed_task &home() const noexcept { return *home_; }

	/* The reader of side-band records of the set's tasks, or nullptr. */
	sideband_reader *reader() const noexcept { return reader_.load_acquire(); }
	void set_reader(sideband_reader *reader) noexcept { reader_.store_release(reader); }

	/* The hooks call these on the CPU and in the task concerned, with interrupts off; a fork
	 * only has preemption off. */
	static void switched(const pb_task *prev, const pb_task *next, u32 cpu) noexcept;
	static void forked(const pb_task *child, bool is_thread) noexcept;
	static void exiting(u32 cpu) noexcept;
	static void executing(u32 cpu) noexcept;
	/* The current task executes a program that the event's user may not trace. */
	static void secured(u32 cpu) noexcept;
	/* A CPU goes online or offline: the members of its current task begin or end to run. */
	static void cpu_opened(u32 cpu) noexcept;
	static void cpu_closing(u32 cpu) noexcept;

protected:
	~task_set();

	/* Before open(): the slots of all CPUs, or of the set's one, each @bytes after another. */
	void set_slots(task_set_slot *first, u32 bytes) noexcept
	{
		slots_ = reinterpret_cast<char *>(first);
		slot_bytes_ = kind_.cpu < 0 ? bytes : 0;
	}
	task_set_slot &slot(u32 cpu) const noexcept
	{
		return *reinterpret_cast<task_set_slot *>(slots_ + u64{cpu} * slot_bytes_);
	}

	/* A member begins or ends to run on a CPU that the set covers. On that CPU, interrupts off,
	 * maybe under the run queue's lock. Each may come twice in a row. */
	virtual void begin_run(task_member &member, u32 cpu) noexcept = 0;
	virtual void end_run(task_member &member, u32 cpu) noexcept = 0;
	/* Enables the event at an exec, once. True: it has just become active. */
	virtual bool enable_on_exec() noexcept = 0;
	/* The last member has gone. */
	virtual void all_exited() noexcept = 0;
	/* A child is not followed: no memory, or its user has reached a limit. Preemption off. */
	virtual void child_not_followed() noexcept = 0;

private:
	struct locator;

	/* Makes @made a member of @to, and takes over one of the users of @to. EBADF: the set was
	 * closed meanwhile; EEXIST: it follows the task already; EMFILE, ENOSPC: see open(). The
	 * caller holds no lock. */
	cxxrt::result<void> add(task_member &made, followed_task &to) noexcept;
	/* Counts a member of @to, or refuses it. Under both locks. */
	cxxrt::result<void> take_member(followed_task &to) noexcept;
	/* Removes a member; called by close(), by the task's exit and by open(), of which the first
	 * does it. Preemption off. */
	void remove(task_member &member) noexcept;
	static void remove_all(u32 cpu) noexcept;
	/* Removes a member of the current task, which runs on @cpu. */
	static void remove_running(task_member &member, u32 cpu) noexcept;
	/* Sets the CPU of a new member's task, if it runs. Preemption off. */
	void locate(task_member &member) noexcept;
	/* Removes a member whose task may run on another CPU. Preemption off. */
	void remove_elsewhere(task_member &member) noexcept;
	/* Whether @of has a member of this set. Under its lock, or by the one caller of follow().
	 */
	bool follows(followed_task &of) const noexcept;
	/* Frees a member of follow() after a grace period. */
	static void free_own(task_member &member) noexcept;
	/* Allocates spares for the target's next children. */
	void prepare_children() noexcept;

	bool takes(bool is_thread) const noexcept
	{
		return kind_.inherits && (is_thread || !kind_.threads_only);
	}

	const task_set_kind kind_;
	char *slots_ = nullptr;
	u32 slot_bytes_ = 0;

	cxxrt::shared<sideband_reader *> reader_;
	cxxrt::spinlock lock_; /* of the next four; inside of a task's lock */
	bool open_ = false;
	bool extended_ = false; /* follow() was called, so a child may be a member already */
	u32 followed_ = 0;
	members_of_set members_;

	task_member first_; /* the target's */
	followed_task *home_ = nullptr;
	bool joined_ = false;
	hook_set hooks_;
};

} // namespace perfbuf
