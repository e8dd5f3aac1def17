/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock source: samples what CPUs or tasks do, by the time that passes.
 *
 *   cpu_clock    everything on one CPU: one sampler, which runs while the event is active and
 *                the CPU there
 *   task_clock   the tasks of a set, on one CPU or on any: a sampler for each of those CPUs,
 *                which runs while a member does
 *
 * Why stop() and close() leave nobody inside: docs/clock.md.
 */
#pragma once

#include "device/rcu_list.hpp"
#include "device/sideband.hpp"
#include "device/task_set.hpp"
#include "sources/sampler.hpp"

namespace perfbuf
{

/* What both kinds share. All of them are in one list, for CPUs that come and go. */
class clock_stream : public stream, public rcu_listed<clock_stream>
{
public:
	void start() noexcept final { on_its_cpus(start_here); }
	void stop() noexcept final { on_its_cpus(stop_here); }
	void close() noexcept override;
	u64 running_ns() noexcept final { return count(); }
	bool has_missed() const noexcept final { return sideband_.has_missed(); }
	void count_missed() noexcept final { sideband_.count_missed(); }
	void period_changed() noexcept final { on_its_cpus(restart_here); }
	void run_as_writer(void (*fn)(void *arg), void *arg) noexcept final;

	/* On the CPU at hand, interrupts off: samples there if it should; and no longer. Nothing
	 * if the event is not for that CPU. */
	virtual void start_on(u32 cpu) noexcept = 0;
	virtual void stop_on(u32 cpu) noexcept = 0;

	/* Preemption off, or under the setup lock, which guards changes. */
	static const rcu_list<clock_stream> &all() noexcept;

protected:
	clock_stream(event &owner, const task_set *members) noexcept;

	/* What may fail; then, when nothing can fail any more, the rest. */
	cxxrt::result<void> prepare() noexcept;
	void publish() noexcept;

	bool covers(u32 cpu) const noexcept
	{
		return on_any_cpu_ || static_cast<u32>(owner_.cpu()) == cpu;
	}
	/* The event samples and may begin to on @cpu. */
	bool may_start_on(u32 cpu) const noexcept;
	virtual void restart_on(u32 cpu) noexcept = 0;

	event &owner_;
	const bool on_any_cpu_;
	/* The children of an inherited event on any CPU would write to one ring from several CPUs.
	 * perf does not let such an event be mapped; here it counts and writes nothing. */
	const bool writes_;
	sample_writer writer_;
	sideband_listener sideband_;

private:
	/* Calls @fn(this) with interrupts off wherever a sampler or a writer of it can be. */
	void on_its_cpus(void (*fn)(void *stream)) noexcept;
	static void start_here(void *stream) noexcept;
	static void stop_here(void *stream) noexcept;
	static void restart_here(void *stream) noexcept;

	static void start_any_cpu_here(void *) noexcept;
	static void stop_any_cpu_here(void *) noexcept;

	hook_set hooks_;
	bool listed_ = false;
};

class cpu_clock final : public clock_stream
{
public:
	explicit cpu_clock(event &owner) noexcept;
	cxxrt::result<void> open() noexcept;

	u64 count() noexcept override { return sampler_.counted(); }
	void start_on(u32 cpu) noexcept override;
	void stop_on(u32 cpu) noexcept override;

private:
	void restart_on(u32 cpu) noexcept override;

	sampler sampler_;
};

class task_clock final : public clock_stream, private task_set
{
public:
	explicit task_clock(event &owner) noexcept;
	~task_clock() override;
	cxxrt::result<void> open() noexcept;

	void close() noexcept override;
	u64 count() noexcept override;
	void start_on(u32 cpu) noexcept override;
	void stop_on(u32 cpu) noexcept override;

private:
	void restart_on(u32 cpu) noexcept override;
	void begin_run(task_member &who, u32 cpu) noexcept override;
	void end_run(task_member &who, u32 cpu) noexcept override;
	sampler &sampler_of(u32 cpu) noexcept { return samplers_[on_any_cpu_ ? cpu : 0]; }

	sampler *samplers_ = nullptr;
	u32 sampler_count_ = 0;
};

class clock_source final : public source
{
public:
	const char *name() const noexcept override { return "clock"; }
	const char *description() const noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
};

extern clock_source the_clock;

} // namespace perfbuf
