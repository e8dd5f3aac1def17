// SPDX-License-Identifier: GPL-2.0
#include "sources/clock.hpp"

#include "device/cpus.hpp"
#include "device/setup.hpp"
#include "glue/cpuhp.h"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constexpr u64 supported_fields =
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
	PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_RAW;

constinit rcu_list<clock_stream> streams; /* changed under the lists' lock */

} // namespace

/* ---------------------------------------------------------------- clock_stream */

clock_stream::clock_stream(event &owner, const task_set *members) noexcept
	: owner_(owner), on_any_cpu_(owner.cpu() < 0),
	  writes_(!(on_any_cpu_ && owner.attr().inherit)), writer_(owner), sideband_(owner, members)
{
}

const rcu_list<clock_stream> &clock_stream::all() noexcept
{
	return streams;
}

result<void> clock_stream::prepare() noexcept
{
	TRY(hooks_.take(hook::cpu_hotplug));
	TRY(sideband_.open());
	return writer_.open();
}

void clock_stream::publish() noexcept
{
	{
		lists_guard held;

		streams.push(*this);
		listed_ = true;
	}
	if (writes_)
		sideband_.listen();
}

void clock_stream::close() noexcept
{
	sideband_.close();

	lists_guard held;

	if (std::exchange(listed_, false))
		streams.remove(*this);
}

bool clock_stream::may_start_on(u32 cpu) const noexcept
{
	return owner_.active() && may_begin(owner_.cpu(), cpu);
}

/* An offline CPU has no sampler and no writer: its timers were stopped when it went. */
void clock_stream::on_its_cpus(void (*fn)(void *stream)) noexcept
{
	if (on_any_cpu_)
		pb_call_on_each_cpu(fn, this);
	else
		pb_call_on_cpu(owner_.cpu(), fn, this);
}

void clock_stream::start_here(void *stream) noexcept
{
	static_cast<clock_stream *>(stream)->start_on(pb_this_cpu());
}

void clock_stream::stop_here(void *stream) noexcept
{
	static_cast<clock_stream *>(stream)->stop_on(pb_this_cpu());
}

void clock_stream::restart_here(void *stream) noexcept
{
	static_cast<clock_stream *>(stream)->restart_on(pb_this_cpu());
}

/*
 * Writers have interrupts off. So with a CPU of its own, an interrupt there is alone.
 *
 * The ring of an event on any CPU is shared at most with other such events. All of them are told
 * to begin nothing, and an interrupt on every CPU stops what runs: after it nobody is inside, until
 * they are let in again.
 */
void clock_stream::run_as_writer(void (*fn)(void *arg), void *arg) noexcept
{
	if (!on_any_cpu_)
		return run_alone_on(static_cast<u32>(owner_.cpu()), fn, arg);

	writers_guard held;

	close_any_cpu(true);
	pb_call_on_each_cpu(stop_any_cpu_here, nullptr);
	pb_preempt_disable();
	fn(arg);
	pb_preempt_enable();
	close_any_cpu(false);
	pb_call_on_each_cpu(start_any_cpu_here, nullptr);
}

void clock_stream::start_any_cpu_here(void *) noexcept
{
	for (clock_stream *one = streams.first(); one; one = streams.next(*one)) {
		if (one->on_any_cpu_)
			one->start_on(pb_this_cpu());
	}
}

void clock_stream::stop_any_cpu_here(void *) noexcept
{
	for (clock_stream *one = streams.first(); one; one = streams.next(*one)) {
		if (one->on_any_cpu_)
			one->stop_on(pb_this_cpu());
	}
}

/* ---------------------------------------------------------------- cpu_clock */

cpu_clock::cpu_clock(event &owner) noexcept
	: clock_stream(owner, nullptr), sampler_(owner, &writer_, static_cast<u32>(owner.cpu()))
{
}

result<void> cpu_clock::open() noexcept
{
	TRY(prepare());
	publish();
	return {};
}

void cpu_clock::start_on(u32 cpu) noexcept
{
	if (covers(cpu) && may_start_on(cpu))
		sampler_.start(0);
}

void cpu_clock::stop_on(u32 cpu) noexcept
{
	if (covers(cpu))
		sampler_.stop();
}

void cpu_clock::restart_on(u32 cpu) noexcept
{
	stop_on(cpu);
	start_on(cpu);
}

/* ---------------------------------------------------------------- task_clock */

task_clock::task_clock(event &owner) noexcept
	: clock_stream(owner, static_cast<task_set *>(this)), task_set(owner)
{
}

task_clock::~task_clock()
{
	while (sampler_count_)
		samplers_[--sampler_count_].~sampler();
	cxxrt_free(samplers_);
}

result<void> task_clock::open() noexcept
{
	const u32 wanted = on_any_cpu_ ? pb_nr_cpu_ids() : 1;
	const sample_writer *writer = writes_ ? &writer_ : nullptr;

	samplers_ = static_cast<sampler *>(cxxrt_alloc(wanted * sizeof(sampler), PB_GFP_KERNEL));
	if (!samplers_)
		return error(ENOMEM);
	for (; sampler_count_ < wanted; sampler_count_++) {
		const u32 cpu = on_any_cpu_ ? sampler_count_ : static_cast<u32>(owner_.cpu());

		::new (&samplers_[sampler_count_]) sampler(owner_, writer, cpu);
	}
	TRY(prepare());
	TRY(task_set::open());
	publish();
	return {};
}

void task_clock::close() noexcept
{
	clock_stream::close();
	task_set::close();
}

u64 task_clock::count() noexcept
{
	u64 sum = 0;

	for (u32 i = 0; i < sampler_count_; i++)
		sum += samplers_[i].counted();
	return sum;
}

void task_clock::start_on(u32 cpu) noexcept
{
	task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

	if (running)
		begin_run(*running, cpu);
}

void task_clock::stop_on(u32 cpu) noexcept
{
	task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

	if (running)
		end_run(*running, cpu);
}

void task_clock::restart_on(u32 cpu) noexcept
{
	task_member *running = covers(cpu) ? find(pb_task_current()) : nullptr;

	if (!running)
		return;
	end_run(*running, cpu);
	running->set_left(0);
	begin_run(*running, cpu);
}

void task_clock::begin_run(task_member &who, u32 cpu) noexcept
{
	if (may_start_on(cpu))
		sampler_of(cpu).start(who.left());
}

void task_clock::end_run(task_member &who, u32 cpu) noexcept
{
	sampler &here = sampler_of(cpu);

	if (here.runs())
		who.set_left(here.stop());
}

/* ---------------------------------------------------------------- clock_source */

constinit clock_source the_clock;

const char *clock_source::description() const noexcept
{
	return "samples of what CPUs or tasks do, by a timer";
}

result<void> clock_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PERF_TYPE_SOFTWARE || attr.config != PERF_COUNT_SW_CPU_CLOCK)
		return error(ENOENT);
	if (attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	return {};
}

result<unique_ptr<stream>> clock_source::open(event &owner) noexcept
{
	if (owner.target()) {
		unique_ptr<task_clock> made = TRY(make<task_clock>(gfp::kernel, owner));

		TRY(made->open());
		return unique_ptr<stream>(made.release());
	}

	unique_ptr<cpu_clock> made = TRY(make<cpu_clock>(gfp::kernel, owner));

	TRY(made->open());
	return unique_ptr<stream>(made.release());
}

} // namespace perfbuf

using perfbuf::clock_stream;
using perfbuf::rcu_list;

void perfbuf_cpu_online(__u32 cpu) noexcept
{
	perfbuf::open_cpu(cpu);
	for (clock_stream *one = clock_stream::all().first(); one;
	     one = rcu_list<clock_stream>::next(*one))
		one->start_on(cpu);
}

void perfbuf_cpu_offline(__u32 cpu) noexcept
{
	for (clock_stream *one = clock_stream::all().first(); one;
	     one = rcu_list<clock_stream>::next(*one))
		one->stop_on(cpu);
	perfbuf::close_cpu(cpu);
}
