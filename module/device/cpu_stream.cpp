// SPDX-License-Identifier: GPL-2.0
#include "device/cpu_stream.hpp"

#include "device/cpus.hpp"
#include "device/setup.hpp"
#include "glue/cpuhp.h"

namespace perfbuf
{

using cxxrt::result;

namespace
{

constinit rcu_list<cpu_stream> streams; /* changed under the lists' lock */

} // namespace

cpu_stream::cpu_stream(event &owner, const task_set *members, bool keeps_place) noexcept
	: owner_(owner), on_any_cpu_(owner.cpu() < 0),
	  writes_(!(on_any_cpu_ && owner.attr().inherit)), writer_(owner),
	  sideband_(owner, members), keeps_place_(keeps_place)
{
}

const rcu_list<cpu_stream> &cpu_stream::all() noexcept
{
	return streams;
}

result<void> cpu_stream::prepare() noexcept
{
	TRY(hooks_.take(hook::cpu_hotplug));
	TRY(sideband_.open());
	return writer_.open();
}

void cpu_stream::publish() noexcept
{
	{
		lists_guard held;

		streams.push(*this);
		listed_ = true;
	}
	if (writes_)
		sideband_.listen();
}

void cpu_stream::close() noexcept
{
	sideband_.close();

	lists_guard held;

	if (std::exchange(listed_, false))
		streams.remove(*this);
}

bool cpu_stream::may_start_on(u32 cpu) const noexcept
{
	return owner_.active() && (keeps_place_ ? cpu_is_open(cpu) : may_begin(owner_.cpu(), cpu));
}

/* An offline CPU has no part and no writer: they were stopped when it went. */
void cpu_stream::on_its_cpus(void (*fn)(void *stream)) noexcept
{
	if (on_any_cpu_)
		pb_call_on_each_cpu(fn, this);
	else
		pb_call_on_cpu(owner_.cpu(), fn, this);
}

void cpu_stream::start_here(void *stream) noexcept
{
	static_cast<cpu_stream *>(stream)->start_on(pb_this_cpu());
}

void cpu_stream::stop_here(void *stream) noexcept
{
	static_cast<cpu_stream *>(stream)->stop_on(pb_this_cpu());
}

void cpu_stream::restart_here(void *stream) noexcept
{
	static_cast<cpu_stream *>(stream)->restart_on(pb_this_cpu());
}

/*
 * Writers have interrupts off. So with a CPU of its own, an interrupt there is alone.
 *
 * The ring of an event on any CPU is shared at most with other such events. All of them are told
 * to begin nothing, and an interrupt on every CPU stops what runs: after it nobody is inside, until
 * they are let in again. A part that keeps its place looks for itself whether it may begin.
 */
void cpu_stream::run_as_writer(void (*fn)(void *arg), void *arg) noexcept
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

void cpu_stream::start_any_cpu_here(void *) noexcept
{
	for (cpu_stream *one = streams.first(); one; one = streams.next(*one)) {
		if (one->on_any_cpu_ && !one->keeps_place_)
			one->start_on(pb_this_cpu());
	}
}

void cpu_stream::stop_any_cpu_here(void *) noexcept
{
	for (cpu_stream *one = streams.first(); one; one = streams.next(*one)) {
		if (one->on_any_cpu_ && !one->keeps_place_)
			one->stop_on(pb_this_cpu());
	}
}

} // namespace perfbuf

using perfbuf::cpu_stream;
using perfbuf::rcu_list;

void perfbuf_cpu_online(__u32 cpu) noexcept
{
	perfbuf::open_cpu(cpu);
	for (cpu_stream *one = cpu_stream::all().first(); one;
	     one = rcu_list<cpu_stream>::next(*one))
		one->start_on(cpu);
}

void perfbuf_cpu_offline(__u32 cpu) noexcept
{
	for (cpu_stream *one = cpu_stream::all().first(); one;
	     one = rcu_list<cpu_stream>::next(*one))
		one->stop_on(cpu);
	perfbuf::close_cpu(cpu);
}
