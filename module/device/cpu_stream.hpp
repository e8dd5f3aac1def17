/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams of sources that follow CPUs and tasks.
 *
 *   on_one_cpu<Part>   everything on one CPU, or the tasks of a cgroup there: one part, which runs
 *                      while the event is active, the CPU is online and a task of the cgroup runs
 *                      there (device/one_cpu_stream.hpp)
 *   on_tasks<Part>     the tasks of a set, on one CPU or on any CPU: a part for each of those CPUs,
 *                      which runs while a member of the set runs there
 *
 * A part is the source's code for one CPU. It has these members:
 *
 *   Part(event &, const sample_writer *, u32 cpu, Extra &...)   without a writer it only counts
 *   void start(u64 left)     starts; left: the result of the last stop(), 0 at first. Does nothing
 *                            if the part runs already.
 *   u64 stop()               stops; returns the rest of the period, or 0 for parts without a period
 *   bool runs()
 *   u64 count(), running_ns()   any CPU
 *   writes_late              (optional) the part may write after stop(): see late_writer
 *
 * start() and stop() run on the part's CPU with interrupts off. Its writers have interrupts off,
 * too. An ioctl on a file interrupts only the CPUs on which tasks of its own set run. docs/clock.md
 * explains why no writer is left inside after stop() and close().
 */
#pragma once

#include "device/cpus.hpp"
#include "device/rcu_list.hpp"
#include "device/sample.hpp"
#include "device/sideband.hpp"
#include "device/task_set.hpp"

namespace perfbuf
{

/* The common base of on_one_cpu and on_tasks. */
class cpu_stream : public stream
{
public:
	void start() noexcept override { on_its_cpus(start_here); }
	void stop() noexcept override { on_its_cpus(stop_here); }
	bool has_missed() const noexcept override { return sideband_.has_missed(); }
	void count_missed() noexcept override { sideband_.count_missed(); }
	cxxrt::result<void> period_changed() noexcept override
	{
		on_its_cpus(restart_here);
		return {};
	}

	/* Starts and stops the part of this CPU, if the event covers the CPU. Interrupts off. */
	virtual void start_on(u32 cpu) noexcept = 0;
	virtual void stop_on(u32 cpu) noexcept = 0;

protected:
	cpu_stream(event &owner, task_set *members) noexcept;

	/* Allocates everything. publish() follows, and cannot fail. */
	cxxrt::result<void> prepare() noexcept;
	void publish() noexcept;

	/* Whether the event is active and @cpu is open for writers. */
	bool may_start_on(u32 cpu) const noexcept;
	virtual void restart_on(u32 cpu) noexcept = 0;
	/* Calls @fn(this) with interrupts off on every CPU where a part runs or a writer of a part
	 * may be inside. */
	virtual void on_its_cpus(void (*fn)(void *stream)) noexcept = 0;

	event &owner_;
	const bool on_any_cpu_;
	/*
	 * False for an inherited event on any CPU: its children would write to one ring from
	 * several CPUs. perf refuses mmap(2) of such an event. Here it counts, and writes nothing.
	 */
	const bool writes_;
	sample_writer writer_;
	sideband_reader sideband_;
	hook_set hooks_;

private:
	static void start_here(void *stream) noexcept;
	static void stop_here(void *stream) noexcept;
	static void restart_here(void *stream) noexcept;
};

template <typename Part>
class on_tasks : public cpu_stream, private task_set
{
	static constexpr bool writes_late = requires { Part::writes_late; };

public:
	template <typename... Extra>
	explicit on_tasks(event &owner, Extra &...) noexcept
		: cpu_stream(owner, this),
		  task_set({
			  .target = owner.target(),
			  .cpu = owner.cpu(),
			  .inherits = owner.attr().inherit != 0,
			  .threads_only = owner.attr().inherit_thread != 0,
			  .enables_on_exec = owner.attr().enable_on_exec != 0,
			  .removes_on_exec = owner.attr().remove_on_exec != 0,
			  .members_of_user = owner.limited_members(),
		  })
	{
	}

	~on_tasks() override
	{
		while (place_count_)
			places_[--place_count_].~place();
		cxxrt_free(memory_);
	}

	template <typename... Extra>
	cxxrt::result<void> open(Extra &...extra) noexcept
	{
		const u32 wanted = on_any_cpu_ ? pb_nr_cpu_ids() : 1;
		const sample_writer *writer = writes_ ? &writer_ : nullptr;

		memory_ = cxxrt_alloc(wanted * sizeof(place) + cache_line, PB_GFP_KERNEL);
		if (!memory_)
			return cxxrt::error(ENOMEM);
		places_ = reinterpret_cast<place *>(
			cxxrt::round_up<u64>(reinterpret_cast<u64>(memory_), cache_line));
		for (; place_count_ < wanted; place_count_++) {
			const u32 cpu = on_any_cpu_ ? place_count_ : static_cast<u32>(owner_.cpu());

			::new (&places_[place_count_]) place(owner_, writer, cpu, extra...);
		}
		set_slots(places_, sizeof(place));
		TRY(prepare());
		TRY(task_set::open());
		publish();
		return {};
	}

	/* Waits for late writers, too: see run_as_writer(). */
	void stop() noexcept override
	{
		cpu_stream::stop();
		if (writes_late)
			run_as_writer([](void *) {}, nullptr);
	}

	void close() noexcept override
	{
		sideband_.close();
		task_set::close();
	}

	cxxrt::result<void> follow(const pb_task *task) noexcept override
	{
		return task_set::follow(task);
	}

	void run_as_writer(void (*fn)(void *arg), void *arg) noexcept final
	{
		if (on_any_cpu_)
			task_set::run_alone(fn, arg);
		else
			run_alone_on(static_cast<u32>(owner_.cpu()), fn, arg);
	}

	u64 count() noexcept override { return sum(&Part::count); }
	u64 running_ns() noexcept override { return sum(&Part::running_ns); }

	void start_on(u32 cpu) noexcept final
	{
		if (task_member *here = running_on(cpu))
			begin_run(*here, cpu);
	}

	void stop_on(u32 cpu) noexcept final
	{
		if (task_member *here = running_on(cpu))
			end_run(*here, cpu);
	}

protected:
	Part *part_on(u32 cpu) noexcept { return covers(cpu) ? &part_of(cpu) : nullptr; }

	/*
	 * H, pairs with G in task_set::switched(): the caller has changed what begin_run() reads.
	 * Either the context switch reads the new value, or this function finds the member that was
	 * switched in.
	 */
	void on_its_cpus(void (*fn)(void *stream)) noexcept final
	{
		cxxrt::smp_mb();
		if (on_any_cpu_)
			pb_call_on_cpus(runs_on, fn, static_cast<cpu_stream *>(this));
		else if (writes_late || has_running(static_cast<u32>(owner_.cpu())))
			pb_call_on_cpu(owner_.cpu(), fn, static_cast<cpu_stream *>(this));
	}

	/*
	 * Guards a write of a part that may write after stop(), until the task has left its CPU.
	 * Converts to false while run_as_writer() runs a function on the ring. On that CPU,
	 * interrupts off, or NMI.
	 */
	class late_writer
	{
	public:
		late_writer(on_tasks &to, u32 cpu) noexcept
		{
			if (!cpu_is_open(cpu))
				return;
			if (!to.on_any_cpu_ || to.running(cpu)) {
				may_ = true;
				return;
			}
			may_ = to.home().try_enter_late();
			if (may_)
				entered_ = &to.home();
		}
		~late_writer()
		{
			if (entered_)
				entered_->exit_late();
		}
		late_writer(const late_writer &) = delete;
		late_writer &operator=(const late_writer &) = delete;
		explicit operator bool() const noexcept { return may_; }

	private:
		bool may_ = false;
		followed_task *entered_ = nullptr;
	};

private:
	/*
	 * Each CPU has cache lines of its own, because every task switch on the CPU writes to them.
	 */
	static constexpr u32 cache_line = 64;

	struct place_base : task_set_slot {
		template <typename... More>
		explicit place_base(More &&...more) noexcept : part(std::forward<More>(more)...)
		{
		}

		Part part;
	};
	struct place : place_base {
		using place_base::place_base;

	private:
		[[maybe_unused]] char beside_[cache_line - sizeof(place_base) % cache_line];
	};

	static_assert(sizeof(place) % cache_line == 0);

	task_member *running_on(u32 cpu) noexcept { return covers(cpu) ? running(cpu) : nullptr; }

	u64 sum(u64 (Part::*of)() const noexcept) const noexcept
	{
		u64 all = 0;

		for (u32 i = 0; i < place_count_; i++)
			all += (places_[i].part.*of)();
		return all;
	}

	Part &part_of(u32 cpu) noexcept { return places_[on_any_cpu_ ? cpu : 0].part; }

	static bool runs_on(int cpu, void *stream) noexcept
	{
		on_tasks &self = *static_cast<on_tasks *>(static_cast<cpu_stream *>(stream));

		return self.has_running(static_cast<u32>(cpu));
	}

	void restart_on(u32 cpu) noexcept final
	{
		task_member *here = running_on(cpu);

		if (!here)
			return;
		end_run(*here, cpu);
		here->set_left(0);
		begin_run(*here, cpu);
	}

	void begin_run(task_member &member, u32 cpu) noexcept final
	{
		if (may_start_on(cpu))
			part_of(cpu).start(member.left());
	}

	void end_run(task_member &member, u32 cpu) noexcept final
	{
		Part &here = part_of(cpu);

		if (here.runs())
			member.set_left(here.stop());
	}

	bool enable_on_exec() noexcept final { return owner_.enable_on_exec(); }
	void all_exited() noexcept final { owner_.target_exited(); }
	void child_not_followed() noexcept final { sideband_.miss_child(); }

	void *memory_ = nullptr;
	place *places_ = nullptr;
	u32 place_count_ = 0;
};

} // namespace perfbuf
