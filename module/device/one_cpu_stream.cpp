// SPDX-License-Identifier: GPL-2.0
/* Runs a stream's part on one CPU while the event is active and the CPU is open, or a cgroup's task
 * runs. */
#include "device/one_cpu_stream.hpp"

#include "device/setup.hpp"
#include "glue/cgroup.h"

namespace perfbuf
{

using cxxrt::result;

namespace
{

/* Both are changed under the lists' lock. */
constinit cpu_lists<one_cpu_stream> streams;
constinit cpu_lists<one_cpu_stream, of_cgroups> cgroup_streams;

/* Indexed by CPU: perfbuf_cgroups_settle() is requested there and has not begun. */
constinit cxxrt::shared<u8> settle_requested[PB_NR_CPUS];

/* One call answers all requests that come before it begins. Interrupts off. */
void request_settle(u32 cpu) noexcept
{
	/* N, pairs with N in settle_requested_on(): the task's new cgroup is stored before. A call
	 * that is still to begin reads it. */
	if (settle_requested[cpu].exchange(1))
		return;
	/* On an offline CPU runs no task of a cgroup. */
	if (pb_cgroups_request_settle(cpu))
		settle_requested[cpu].write_once(0);
}

using all_of_cpu = rcu_list<one_cpu_stream>;
using cgroups_of_cpu = rcu_list<one_cpu_stream, of_cgroups>;

} // namespace

result<void> one_cpu_stream::prepare() noexcept
{
	if (owner_.cgroup()) {
		TRY(hooks_.take(hook::task_switch));
		TRY(hooks_.take(hook::cgroup_move));
		sideband_.set_inside(false);
	}
	return cpu_stream::prepare();
}

void one_cpu_stream::publish() noexcept
{
	const u32 cpu = static_cast<u32>(owner_.cpu());
	const bool is_of_cgroup = owner_.cgroup();
	{
		lists_guard held;

		streams.of(cpu).push(*this);
		if (is_of_cgroup)
			cgroup_streams.of(cpu).push(*this);
		listed_ = true;
	}
	if (is_of_cgroup) {
		add_switch_watcher();
		/*
		 * O, pairs with O in tasks_moved(): of a task that runs there and moves meanwhile
		 * this reads the new cgroup, or the move finds the stream.
		 */
		cxxrt::smp_mb();
		pb_call_on_cpu(
			owner_.cpu(),
			[](void *stream) {
				static_cast<one_cpu_stream *>(stream)->settle(pb_task_current(),
									      pb_this_cpu());
			},
			this);
	}
	cpu_stream::publish();
}

void one_cpu_stream::close() noexcept
{
	sideband_.close();
	{
		lists_guard held;

		if (!std::exchange(listed_, false))
			return;
		all_of_cpu::remove(*this);
		if (owner_.cgroup())
			cgroups_of_cpu::remove(*this);
	}
	if (owner_.cgroup())
		remove_switch_watcher();
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
	switched(pb_task_current(), cpu);
	for (one_cpu_stream *stream = streams.of(cpu).first(); stream;
	     stream = all_of_cpu::next(*stream))
		stream->start_on(cpu);
}

void one_cpu_stream::cpu_closing(u32 cpu) noexcept
{
	for (one_cpu_stream *stream = streams.of(cpu).first(); stream;
	     stream = all_of_cpu::next(*stream))
		stream->stop_on(cpu);
}

void one_cpu_stream::settle(const pb_task *task, u32 cpu) noexcept
{
	const bool is_inside = pb_task_is_in(task, owner_.cgroup());

	if (is_inside == is_inside_)
		return;
	is_inside_ = is_inside;
	sideband_.set_inside(is_inside);
	if (is_inside)
		start_on(cpu);
	else
		stop_on(cpu);
}

void one_cpu_stream::switched(const pb_task *next, u32 cpu) noexcept
{
	for (one_cpu_stream *stream = cgroup_streams.of(cpu).first(); stream;
	     stream = cgroups_of_cpu::next(*stream)) {
		if (stream->covers(cpu))
			stream->settle(next, cpu);
	}
}

void one_cpu_stream::tasks_moved() noexcept
{
	/* O, pairs with O in publish(): the task's new cgroup is stored. */
	cxxrt::smp_mb();
	for (u32 cpu = 0; cpu < pb_nr_cpu_ids(); cpu++) {
		if (cgroup_streams.of(cpu).first())
			request_settle(cpu);
	}
}

void one_cpu_stream::settle_requested_on(u32 cpu) noexcept
{
	/* N, pairs with N in request_settle(): a full barrier. */
	(void)settle_requested[cpu].exchange(0);
	switched(pb_task_current(), cpu);
}

} // namespace perfbuf
