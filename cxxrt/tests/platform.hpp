/* SPDX-License-Identifier: GPL-2.0 */
/* The platform under the runtime, as its tests observe it. */
#pragma once

#include <string>
#include <vector>

namespace platform
{

struct state {
	int live_allocations = 0;
	unsigned int last_gfp = 0;
	bool out_of_memory = false;
	/* "mutex_lock", "mutex_unlock", "spinlock_lock", ... in the order of the calls */
	std::vector<std::string> locks;
	std::vector<std::string> classes;
	/* deferred work that a grace period would run */
	std::vector<void *> deferred;
};

extern state now;

/* Runs the deferred work, as the end of a grace period does. */
void run_deferred();

} // namespace platform
