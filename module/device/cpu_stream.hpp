/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The streams of sources that follow CPUs and tasks.
 *
 *   on_one_cpu<Part>   everything on one CPU: one part, which runs while the event is active and
 *                      the CPU there
 *   on_tasks<Part>     the tasks of a set, on one CPU or on any: a part for each of those CPUs,
 *                      which runs while a member does
 *
 * A part is what the source does on one CPU:
 *
 *   Part(event &, const sample_writer *, u32 cpu, Extra &...)   no writer: it counts only
 *   void start(u64 left)     from now on; left: what stop() said, 0 at first. Nothing if it runs.
 *   u64 stop()               and no longer; what is left of a period, 0 if that means nothing
 *   bool runs()
 *   u64 count(), running_ns()   any CPU
 *   keeps_place              it stays where it is while somebody is alone with its ring, and
 *                            counts as missed what comes then
 *
 * start() and stop() are called on the part's CPU with interrupts off. Its writers have
 * interrupts off, too. Why stop() and close() leave nobody inside: docs/clock.md.
 */
#pragma once

#include "device/rcu_list.hpp"
#include "device/sample.hpp"
#include "device/sideband.hpp"
#include "device/task_set.hpp"

namespace perfbuf
{

/* What both kinds share. All of them are in one list, for CPUs that come and go. */
class cpu_stream : public stream, public rcu_listed<cpu_stream>
{
public:
	void start() noexcept override { on_its_cpus(start_here); }
	void stop() noexcept override { on_its_cpus(stop_here); }
	void close() noexcept override;
	bool has_missed() const noexcept override { return sideband_.has_missed(); }
	void count_missed() noexcept override { sideband_.count_missed(); }
	cxxrt::result<void> period_changed() noexcept override
	{
		on_its_cpus(restart_here);
		return {};
	}
	void run_as_writer(void (*fn)(void *arg), void *arg) noexcept final;

	/* On the CPU at hand, interrupts off: runs there if it should; and no longer. Nothing if
	 * the event is not for that CPU. */
	virtual void start_on(u32 cpu) noexcept = 0;
	virtual void stop_on(u32 cpu) noexcept = 0;

	/* Preemption off, or under the setup lock, which guards changes. */
	static const rcu_list<cpu_stream> &all() noexcept;

protected:
	cpu_stream(event &owner, const task_set *members, bool keeps_place) noexcept;

	/* What may fail; then, when nothing can fail any more, the rest. */
	cxxrt::result<void> prepare() noexcept;
	void publish() noexcept;

	bool covers(u32 cpu) const noexcept
	{
		return on_any_cpu_ || static_cast<u32>(owner_.cpu()) == cpu;
	}
	/* The event is on and may begin to write on @cpu. */
	bool may_start_on(u32 cpu) const noexcept;
	virtual void restart_on(u32 cpu) noexcept = 0;
	/* Calls @fn(this) with interrupts off wherever a part or a writer of it can be. */
	void on_its_cpus(void (*fn)(void *stream)) noexcept;

	event &owner_;
	const bool on_any_cpu_;
	/* The children of an inherited event on any CPU would write to one ring from several CPUs.
	 * perf does not let such an event be mapped; here it counts and writes nothing. */
	const bool writes_;
	sample_writer writer_;
	sideband_listener sideband_;

private:
	static void start_here(void *stream) noexcept;
	static void stop_here(void *stream) noexcept;
	static void restart_here(void *stream) noexcept;

	static void start_any_cpu_here(void *) noexcept;
	static void stop_any_cpu_here(void *) noexcept;

	const bool keeps_place_;
	hook_set hooks_;
	bool listed_ = false;
};

template <typename Part>
class on_one_cpu : public cpu_stream
{
public:
	template <typename... Extra>
	explicit on_one_cpu(event &owner, Extra &...extra) noexcept
		: cpu_stream(owner, nullptr, Part::keeps_place),
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
		if (covers(cpu) && may_start_on(cpu))
			part_.start(0);
	}

	void stop_on(u32 cpu) noexcept final
	{
		if (covers(cpu))
			part_.stop();
	}

protected:
	/* nullptr: the event is not for that CPU. */
	Part *part_on(u32 cpu) noexcept { return covers(cpu) ? &part_ : nullptr; }

private:
	void restart_on(u32 cpu) noexcept final
	{
		stop_on(cpu);
		start_on(cpu);
	}

	Part part_;
};

template <typename Part>
class on_tasks : public cpu_stream, private task_set
{
public:
	template <typename... Extra>
	explicit on_tasks(event &owner, Extra &...) noexcept
		: cpu_stream(owner, static_cast<task_set *>(this), Part::keeps_place),
		  task_set(owner)
	{
	}

	~on_tasks() override
	{
		while (part_count_)
			parts_[--part_count_].~Part();
		cxxrt_free(parts_);
	}

	template <typename... Extra>
	cxxrt::result<void> open(Extra &...extra) noexcept
	{
		const u32 wanted = on_any_cpu_ ? pb_nr_cpu_ids() : 1;
		const sample_writer *writer = writes_ ? &writer_ : nullptr;

		parts_ = static_cast<Part *>(cxxrt_alloc(wanted * sizeof(Part), PB_GFP_KERNEL));
		if (!parts_)
			return cxxrt::error(ENOMEM);
		for (; part_count_ < wanted; part_count_++) {
			const u32 cpu = on_any_cpu_ ? part_count_ : static_cast<u32>(owner_.cpu());

			::new (&parts_[part_count_]) Part(owner_, writer, cpu, extra...);
		}
		TRY(prepare());
		TRY(task_set::open());
		publish();
		return {};
	}

	void close() noexcept override
	{
		cpu_stream::close();
		task_set::close();
	}

	u64 count() noexcept override { return sum(&Part::count); }
	u64 running_ns() noexcept override { return sum(&Part::running_ns); }

	void start_on(u32 cpu) noexcept final
	{
		task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

		if (running)
			begin_run(*running, cpu);
	}

	void stop_on(u32 cpu) noexcept final
	{
		task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

		if (running)
			end_run(*running, cpu);
	}

protected:
	Part *part_on(u32 cpu) noexcept { return covers(cpu) ? &part_of(cpu) : nullptr; }

private:
	u64 sum(u64 (Part::*of)() const noexcept) const noexcept
	{
		u64 all = 0;

		for (u32 i = 0; i < part_count_; i++)
			all += (parts_[i].*of)();
		return all;
	}

	Part &part_of(u32 cpu) noexcept { return parts_[on_any_cpu_ ? cpu : 0]; }

	void restart_on(u32 cpu) noexcept final
	{
		task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

		if (!running)
			return;
		end_run(*running, cpu);
		running->set_left(0);
		begin_run(*running, cpu);
	}

	void begin_run(task_member &who, u32 cpu) noexcept final
	{
		if (may_start_on(cpu))
			part_of(cpu).start(who.left());
	}

	void end_run(task_member &who, u32 cpu) noexcept final
	{
		Part &here = part_of(cpu);

		if (here.runs())
			who.set_left(here.stop());
	}

	Part *parts_ = nullptr;
	u32 part_count_ = 0;
};

} // namespace perfbuf
