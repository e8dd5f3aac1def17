/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams on one CPU: of all that runs there, or of the tasks of a cgroup. docs/control-plane.md
 * has what events of cgroups cost.
 */
#pragma once

#include "device/cpu_stream.hpp"

namespace perfbuf
{

/* The list of the streams of cgroups on a CPU, beside that of all streams on it. */
struct of_cgroups;

/* The hotplug callbacks find it in the list of its CPU, the hook of a switch in that of cgroups. */
class one_cpu_stream : public cpu_stream,
		       public rcu_listed<one_cpu_stream>,
		       public rcu_listed<one_cpu_stream, of_cgroups>
{
public:
	void close() noexcept override;
	void run_as_writer(void (*fn)(void *arg), void *arg) noexcept final;

	/* The CPU goes online or offline: on that CPU, interrupts off. */
	static void cpu_opened(u32 cpu) noexcept;
	static void cpu_closing(u32 cpu) noexcept;

	/* @next runs on this CPU from now on, or may be in another cgroup than before. On @cpu,
	 * interrupts off. */
	static void switched(const pb_task *next, u32 cpu) noexcept;
	/* Tasks have moved to other cgroups: looks at each CPU that has streams of cgroups, soon.
	 * Interrupts off. */
	static void tasks_moved() noexcept;
	/* The call that tasks_moved() has requested on @cpu. There, interrupts off. */
	static void settle_requested_on(u32 cpu) noexcept;

protected:
	explicit one_cpu_stream(event &owner) noexcept
		: cpu_stream(owner, nullptr), is_inside_(!owner.cgroup())
	{
	}

	bool covers(u32 cpu) const noexcept { return static_cast<u32>(owner_.cpu()) == cpu; }
	/* Whether what runs on the CPU concerns the event. There, interrupts off. */
	bool is_inside() const noexcept { return is_inside_; }

	cxxrt::result<void> prepare() noexcept;
	void publish() noexcept;
	void on_its_cpus(void (*fn)(void *stream)) noexcept final;

private:
	void settle(const pb_task *task, u32 cpu) noexcept;

	bool listed_ = false;
	bool is_inside_; /* changed on the CPU, interrupts off */
};

template <typename Part>
class on_one_cpu : public one_cpu_stream
{
public:
	template <typename... Extra>
	explicit on_one_cpu(event &owner, Extra &...extra) noexcept
		: one_cpu_stream(owner),
		  part_(owner, &writer_, static_cast<u32>(owner.cpu()), extra...)
	{
	}

	template <typename... Extra>
	cxxrt::result<void> open(Extra &...) noexcept
	{
		TRY(prepare());
		publish();
		return {};
	}

	u64 count() noexcept override { return part_.count(); }
	u64 running_ns() noexcept override { return part_.running_ns(); }

	void start_on(u32 cpu) noexcept final
	{
		if (covers(cpu) && is_inside() && may_start_on(cpu))
			part_.start(left_);
	}

	void stop_on(u32 cpu) noexcept final
	{
		if (!covers(cpu))
			return;

		const bool ran = part_.runs();
		const u64 left = part_.stop();

		if (ran)
			left_ = left;
	}

protected:
	/* Returns nullptr if the event does not cover @cpu. */
	Part *part_on(u32 cpu) noexcept { return covers(cpu) ? &part_ : nullptr; }

	/* Guards a write after stop(). A stream on one CPU has no such writes. */
	class late_writer
	{
	public:
		late_writer(on_one_cpu &to, u32 cpu) noexcept : may_(cpu_is_open(cpu)) {}
		explicit operator bool() const noexcept { return may_; }

	private:
		const bool may_;
	};

private:
	void restart_on(u32 cpu) noexcept final
	{
		stop_on(cpu);
		left_ = 0;
		start_on(cpu);
	}

	Part part_;
	u64 left_ = 0; /* of the period; on the CPU, interrupts off */
};

} // namespace perfbuf
