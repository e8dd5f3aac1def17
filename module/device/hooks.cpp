// SPDX-License-Identifier: GPL-2.0
/* Attaches and detaches the kernel's hooks, and dispatches their calls to side-band records and
 * task sets. */
#include "device/hooks.hpp"

#include "device/cpus.hpp"
#include "device/one_cpu_stream.hpp"
#include "device/setup.hpp"
#include "device/sideband.hpp"
#include "device/task_set.hpp"
#include "glue/cgroup.h"
#include "glue/cpuhp.h"
#include "glue/maps.h"
#include "glue/secure.h"
#include "glue/trace.h"
#include "glue/trim.h"

namespace perfbuf
{

using cxxrt::from_return;
using cxxrt::result;

namespace
{

static_assert(static_cast<u32>(hook::task_switch) == PB_TASK_SWITCH);
static_assert(static_cast<u32>(hook::task_fork) == PB_TASK_FORK);
static_assert(static_cast<u32>(hook::task_exit) == PB_TASK_EXIT);
static_assert(static_cast<u32>(hook::task_rename) == PB_TASK_RENAME);
static_assert(static_cast<u32>(hook::cgroup_move) == PB_CGROUP_MOVE);

/* Under the setup lock. A hook that is attached and has no users waits to be trimmed. */
constinit u32 users[hook_count];
constinit bool attached[hook_count];

constinit cxxrt::shared<u32> switch_watchers;

/*
 * At most so many tasks can be preempted or asleep in the functions that are probed: in
 * perf_event_exit_task() at an exec, and in perf_event_mmap(). What one more does is missed.
 */
constexpr unsigned int securing_tasks_max = 256;
constexpr unsigned int mapping_tasks_max = 1024;

bool secure_is_probed; /* under the setup lock */

/* The probe if the kernel allows it, because it comes before the program is mapped; else the
 * tracepoint. */
int attach_secure() noexcept
{
	const int ret = pb_secure_probe_attach(securing_tasks_max);

	secure_is_probed = !ret;
	if (!ret || ret == -ENOMEM)
		return ret;
	return pb_secure_tracepoint_attach();
}

void detach_secure() noexcept
{
	if (secure_is_probed)
		pb_secure_probe_detach();
	else
		pb_secure_tracepoint_detach();
}

/* For any other error than ENOMEM the function cannot be probed on this kernel. */
int attach_maps() noexcept
{
	const int ret = pb_maps_attach(mapping_tasks_max);

	return !ret || ret == -ENOMEM ? ret : -EOPNOTSUPP;
}

int attach(hook which) noexcept
{
	switch (which) {
	case hook::task_secure:
		return attach_secure();
	case hook::memory_map:
		return attach_maps();
	case hook::cpu_hotplug:
		return pb_cpuhp_attach();
	default:
		return pb_trace_attach(static_cast<pb_tracepoint>(which));
	}
}

void detach(hook which) noexcept
{
	switch (which) {
	case hook::task_secure:
		return detach_secure();
	case hook::memory_map:
		return pb_maps_detach();
	case hook::cpu_hotplug:
		return pb_cpuhp_detach();
	default:
		return pb_trace_detach(static_cast<pb_tracepoint>(which));
	}
}

} // namespace

result<void> hook_set::take(hook which) noexcept
{
	const u32 index = static_cast<u32>(which);

	if (taken_ & 1u << index)
		return {};

	setup_guard held;

	if (!attached[index])
		TRY(from_return(attach(which)));
	attached[index] = true;
	users[index]++;
	taken_ |= 1u << index;
	return {};
}

void add_switch_watcher() noexcept
{
	switch_watchers.fetch_add(1);
}

void remove_switch_watcher() noexcept
{
	switch_watchers.fetch_add(~u32{0});
}

hook_set::~hook_set()
{
	setup_guard held;

	for (u32 i = 0; i < hook_count; i++) {
		if (taken_ & 1u << i && !--users[i])
			pb_trim_later();
	}
}

namespace
{

/* A task's record of the switch comes while its set still has it running, or already has. */
[[gnu::noinline]] void switched_watched(pb_task *prev, pb_task *next, int preempted,
					u32 cpu) noexcept
{
	sideband_switched_out(prev, next, preempted, cpu);
	task_set::switched(prev, next, cpu);
	one_cpu_stream::switched(next, cpu);
	sideband_switched_in(prev, next, cpu);
}

} // namespace

} // namespace perfbuf

void perfbuf_trim_hooks(void) noexcept
{
	using namespace perfbuf;
	bool detached = false;
	{
		setup_guard held;

		for (u32 i = 0; i < hook_count; i++) {
			if (users[i] || !std::exchange(attached[i], false))
				continue;
			detach(static_cast<hook>(i));
			detached = true;
		}
	}
	/* The module may go next. */
	if (detached) {
		pb_trace_synchronize();
		pb_cgroups_settled();
	}
}

/* Both are tail calls, so that this saves no registers. */
void perfbuf_task_switched(pb_task *prev, pb_task *next, int preempted, __u32 cpu) noexcept
{
	if (perfbuf::switch_watchers.read_once()) [[unlikely]]
		return perfbuf::switched_watched(prev, next, preempted, cpu);
	perfbuf::task_set::switched(prev, next, cpu);
}

void perfbuf_task_forked(pb_task *child, __u32 cpu) noexcept
{
	perfbuf::sideband_forked(child, cpu);
}

void perfbuf_task_inherited(pb_task *child, int is_thread) noexcept
{
	perfbuf::task_set::forked(child, is_thread);
}

/* The EXIT record is the last record of a task in the task's own events. */
void perfbuf_task_exiting(__u32 cpu) noexcept
{
	perfbuf::sideband_exiting(cpu);
	perfbuf::task_set::exiting(cpu);
}

/* enable_on_exec first: the name and the mappings of the new program are the event's already. */
void perfbuf_task_renamed(pb_task *task, const char *name, int exec, __u32 cpu) noexcept
{
	if (exec)
		perfbuf::task_set::executing(cpu);
	perfbuf::sideband_renamed(task, name, exec, cpu);
}

void perfbuf_task_secured(__u32 cpu) noexcept
{
	perfbuf::task_set::secured(cpu);
}

void perfbuf_memory_mapped(const pb_map *map, __u32 cpu) noexcept
{
	perfbuf::sideband_mapped(*map, cpu);
}

void perfbuf_tasks_moved(void) noexcept
{
	perfbuf::one_cpu_stream::tasks_moved();
}

void perfbuf_cgroups_settle(__u32 cpu) noexcept
{
	perfbuf::one_cpu_stream::settle_requested_on(cpu);
}

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
