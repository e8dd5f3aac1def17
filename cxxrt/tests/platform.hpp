/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests see of the platform under the runtime. */
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

void run_deferred();

} // namespace platform
