// SPDX-License-Identifier: GPL-2.0
/* Stands for device.cpp and the parts of module/glue that the files of module/device need. */
#include "glue.hpp"
#include "glue/secure.h"
#include "host.hpp"

#include "device/cpus.hpp"
#include "device/file.hpp"
#include "device/tsc_clock.hpp"
#include "glue/cgroup.h"
#include "glue/cpuhp.h"
#include "glue/glue.h"
#include "glue/maps.h"
#include "glue/setup.h"
#include "glue/trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

using namespace perfbuf;
using perfbuf::host::now;

namespace
{

char all_tasks[host::tasks];
int first_namespace, other_namespace;

alignas(device_state) char device_space[sizeof(device_state)];

int attach_hook()
{
	now.patches++;
	now.hooks++;
	return 0;
}

void detach_hook()
{
	now.patches++;
	now.hooks--;
}

void detach_secure_hook(std::string_view kind)
{
	if (!now.secure_hook || std::exchange(now.secure_hook, nullptr) != kind)
		std::abort();
	detach_hook();
}

} // namespace

pb_task *perfbuf::host::task_of(u32 number)
{
	return reinterpret_cast<pb_task *>(&all_tasks[number]);
}

/* ---------------------------------------------------------------- device.cpp */

namespace perfbuf
{

/* The counter is not the clock. */
bool tsc_clock_published(pb_tsc_parameters &) noexcept
{
	return false;
}

device_state &the_device() noexcept
{
	return *reinterpret_cast<device_state *>(device_space);
}

cxxrt::result<void> device_state::add(source &, const pb_node_event *events, u32 count) noexcept
{
	if (now.node_error)
		return cxxrt::error(now.node_error);
	now.has_node = true;
	now.node_events.clear();
	for (u32 i = 0; i < count; i++)
		now.node_events.push_back({events[i].name, events[i].id,
					   std::string(events[i].format, events[i].format_bytes)});
	return {};
}

void device_state::remove(source &) noexcept
{
	now.has_node = false;
}

} // namespace perfbuf

extern "C" {

int pb_may_trace(void) noexcept
{
	return now.may_trace;
}

/* As the kernel does it: NULL as it is, all else as 32 bits of a hash. */
void pb_print_pointer(char text[PB_POINTER_TEXT], __u64 pointer) noexcept
{
	const __u64 hash = pointer * 0x9e3779b97f4a7c15 >> 32;

	now.hashes++;
	std::snprintf(text, PB_POINTER_TEXT, "%016llx",
		      static_cast<unsigned long long>(now.has_pointer_key ? hash : 0));
	if (!now.has_pointer_key)
		std::snprintf(text, PB_POINTER_TEXT, "(____ptrval____)");
}

int pb_locked_down(void) noexcept
{
	return 0;
}

unsigned int pb_param_event_readers_max(void) noexcept
{
	return now.event_readers_max;
}

unsigned long pb_param_user_members_max(void) noexcept
{
	return ~0ul;
}

unsigned long pb_param_task_events_max(void) noexcept
{
	return ~0ul;
}

unsigned long pb_param_max_sample_rate(void) noexcept
{
	return 100000;
}

__u32 pb_this_cpu(void) noexcept
{
	return now.cpu;
}

__u32 pb_nr_cpu_ids(void) noexcept
{
	return host::cpus;
}

__u32 pb_nesting_level(void) noexcept
{
	return static_cast<u32>(now.level);
}

/* No test here has an attr from user space. */
int pb_copy_to_user(__u64, const void *, unsigned long) noexcept
{
	std::abort();
}

int pb_copy_from_user(void *, __u64, unsigned long) noexcept
{
	std::abort();
}

int pb_copy_struct_from_user(void *, unsigned long, __u64, unsigned long) noexcept
{
	std::abort();
}

/* Called there with interrupts off, so not within an emission. */
int pb_call_on_cpu(int cpu, void (*fn)(void *arg), void *arg) noexcept
{
	const u32 before = now.cpu;

	if (now.irqs_off)
		std::abort();
	now.cpu = static_cast<u32>(cpu);
	fn(arg);
	now.cpu = before;
	return 0;
}

void pb_call_on_each_cpu(void (*fn)(void *arg), void *arg) noexcept
{
	for (u32 cpu = 0; cpu < host::cpus; cpu++)
		pb_call_on_cpu(static_cast<int>(cpu), fn, arg);
}

void pb_call_on_cpus(bool (*wants)(int cpu, void *arg), void (*fn)(void *arg), void *arg) noexcept
{
	for (u32 cpu = 0; cpu < host::cpus; cpu++) {
		if (wants(static_cast<int>(cpu), arg))
			pb_call_on_cpu(static_cast<int>(cpu), fn, arg);
	}
}

/* No test here follows a task through exec. */
int pb_secure_probe_attach(unsigned int) noexcept
{
	if (now.secure_probe_error)
		return now.secure_probe_error;
	now.secure_hook = "probe";
	return attach_hook();
}

void pb_secure_probe_detach(void) noexcept
{
	detach_secure_hook("probe");
}

int pb_secure_tracepoint_attach(void) noexcept
{
	now.secure_hook = "tracepoint";
	return attach_hook();
}

void pb_secure_tracepoint_detach(void) noexcept
{
	detach_secure_hook("tracepoint");
}

__u64 pb_clock_ns(int) noexcept
{
	now.clock_looks++;
	return now.clock++;
}

pb_task *pb_task_current(void) noexcept
{
	return host::task_of(now.task);
}

__u32 pb_task_cpu(const pb_task *) noexcept
{
	return pb_this_cpu();
}

int pb_task_may_run(const pb_task *) noexcept
{
	return 1;
}

void pb_task_put(pb_task *) noexcept
{
}

int pb_task_is_exiting(const pb_task *) noexcept
{
	return 0;
}

const pb_pid_namespace *pb_pid_namespace_get(void) noexcept
{
	return reinterpret_cast<pb_pid_namespace *>(now.first_namespace ? &first_namespace
									: &other_namespace);
}

void pb_pid_namespace_put(const pb_pid_namespace *) noexcept
{
}

int pb_pid_namespace_is_first(const pb_pid_namespace *ns) noexcept
{
	return ns == reinterpret_cast<pb_pid_namespace *>(&first_namespace);
}

void pb_current_ids(const pb_pid_namespace *, __u32 *pid, __u32 *tid) noexcept
{
	*pid = static_cast<u32>(now.tgid);
	*tid = static_cast<u32>(now.pid);
}

void pb_task_ids(const pb_task *, const pb_pid_namespace *ns, __u32 *pid, __u32 *tid) noexcept
{
	pb_current_ids(ns, pid, tid);
}

__u32 pb_current_parent_id(const pb_pid_namespace *) noexcept
{
	return 1;
}

void pb_preempt_disable(void) noexcept
{
}

void pb_preempt_enable(void) noexcept
{
}

void pb_setup_lock(void) noexcept
{
	host::shared_lock_taken();
}

void pb_setup_unlock(void) noexcept
{
	host::shared_lock_released();
}

void pb_writers_lock(void) noexcept
{
}

void pb_writers_unlock(void) noexcept
{
}

unsigned long pb_lists_lock(void) noexcept
{
	return 0;
}

void pb_lists_unlock(unsigned long) noexcept
{
}

int pb_cpuhp_attach(void) noexcept
{
	for (u32 cpu = 0; cpu < host::cpus; cpu++)
		open_cpu(cpu);
	return attach_hook();
}

void pb_cpuhp_detach(void) noexcept
{
	for (u32 cpu = 0; cpu < host::cpus; cpu++)
		close_cpu(cpu);
	detach_hook();
}

int pb_maps_attach(unsigned int) noexcept
{
	return now.maps_error ? now.maps_error : attach_hook();
}

void pb_maps_detach(void) noexcept
{
	detach_hook();
}

int pb_trace_attach(enum pb_tracepoint) noexcept
{
	return attach_hook();
}

void pb_trace_detach(enum pb_tracepoint) noexcept
{
	detach_hook();
}

/* No event here is of a cgroup. */
void pb_cgroup_put(pb_cgroup *) noexcept
{
}

int pb_task_is_in(const pb_task *, const pb_cgroup *) noexcept
{
	return 0;
}

int pb_cgroups_request_settle(__u32) noexcept
{
	return 0;
}

void pb_cgroups_settled(void) noexcept
{
}

void pb_trace_synchronize(void) noexcept
{
	now.syncs++;
}

void pb_user_state_get(const pb_regs *regs, pb_user_state *out) noexcept
{
	now.regs = regs;
	*out = {};
}

__u32 pb_regs_values(const pb_regs *, __u64, __u64 *) noexcept
{
	return 0;
}

__u32 pb_unwind_kernel(const pb_regs *, __u64 *out, __u32 most) noexcept
{
	const u32 n = std::min(most, static_cast<u32>(now.frames.size()));

	std::copy_n(now.frames.begin(), n, out);
	return n;
}

__u32 pb_unwind_user(const pb_user_state *, __u64 *, __u32) noexcept
{
	return 0;
}

} // extern "C"
