// SPDX-License-Identifier: GPL-2.0
#include "device/cpu_stream.hpp"

#include "device/setup.hpp"
#include "glue/cpuhp.h"

namespace perfbuf
{

using cxxrt::result;

namespace
{

constinit cpu_lists<one_cpu_stream> streams; /* changed under the lists' lock */

} // namespace

cpu_stream::cpu_stream(event &owner, task_set *members) noexcept
	: owner_(owner), on_any_cpu_(owner.cpu() < 0),
	  writes_(!(on_any_cpu_ && owner.attr().inherit)), writer_(owner), sideband_(owner, members)
{
}

result<void> cpu_stream::prepare() noexcept
{
	TRY(hooks_.take(hook::cpu_hotplug));
	TRY(sideband_.open());
	return writer_.open();
}

void cpu_stream::publish() noexcept
{
	if (writes_)
		sideband_.attach();
}

bool cpu_stream::may_start_on(u32 cpu) const noexcept
{
	return owner_.active() && cpu_is_open(cpu);
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

/* ---------------------------------------------------------------- on one CPU */

void one_cpu_stream::publish() noexcept
{
	{
		lists_guard held;

		streams.of(static_cast<u32>(owner_.cpu())).push(*this);
		listed_ = true;
	}
	cpu_stream::publish();
}

void one_cpu_stream::close() noexcept
{
	sideband_.close();

	lists_guard held;

	if (std::exchange(listed_, false))
		rcu_list<one_cpu_stream>::remove(*this);
}

/* An offline CPU has no part and no writer: the offline callback has stopped them. */
void one_cpu_stream::on_its_cpus(void (*fn)(void *stream)) noexcept
{
	pb_call_on_cpu(owner_.cpu(), fn, static_cast<cpu_stream *>(this));
}

/* Writers have interrupts off, so an interrupt on their CPU excludes them. */
void one_cpu_stream::run_as_writer(void (*fn)(void *arg), void *arg) noexcept
{
	run_alone_on(static_cast<u32>(owner_.cpu()), fn, arg);
}

void one_cpu_stream::cpu_opened(u32 cpu) noexcept
{
	for (one_cpu_stream *one = streams.of(cpu).first(); one;
	     one = rcu_list<one_cpu_stream>::next(*one))
		one->start_on(cpu);
}

void one_cpu_stream::cpu_closing(u32 cpu) noexcept
{
	for (one_cpu_stream *one = streams.of(cpu).first(); one;
	     one = rcu_list<one_cpu_stream>::next(*one))
		one->stop_on(cpu);
}

} // namespace perfbuf

void perfbuf_cpu_online(__u32 cpu) noexcept
{
	perfbuf::open_cpu(cpu);
	perfbuf::one_cpu_stream::cpu_opened(cpu);
	perfbuf::task_set::cpu_opened(cpu);
}

void perfbuf_cpu_offline(__u32 cpu) noexcept
{
	perfbuf::one_cpu_stream::cpu_closing(cpu);
	perfbuf::task_set::cpu_closing(cpu);
	perfbuf::close_cpu(cpu);
}
