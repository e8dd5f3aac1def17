/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's hooks, each attached while an event needs it and for about a second longer
 * (glue/trim.h). The C entries of glue/trace.h end in hooks.cpp, which calls side-band records and
 * task sets in the order that both rely on. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

/* The first five are enum pb_tracepoint. */
enum class hook : u32 {
	task_switch,
	task_fork,
	task_exit,
	task_rename,
	cgroup_move,
	task_secure,
	memory_map,
	cpu_hotplug,
};

inline constexpr u32 hook_count = 8;

/* The hooks that one object has taken. Its destructor gives them back; process context, may sleep.
 */
class hook_set
{
public:
	hook_set() noexcept = default;
	~hook_set();
	hook_set(const hook_set &) = delete;
	hook_set &operator=(const hook_set &) = delete;

	/* Takes a hook, if it is not taken yet. EOPNOTSUPP: the kernel does not offer it. Process
	 * context, may sleep. */
	cxxrt::result<void> take(hook which) noexcept;

private:
	u32 taken_ = 0; /* 1 << hook */
};

/*
 * While there are any, a switch concerns more than the sets of its two tasks: readers of switches,
 * or events of cgroups. A switch without them makes one test for both. Any context.
 */
void add_switch_watcher() noexcept;
void remove_switch_watcher() noexcept;

} // namespace perfbuf
