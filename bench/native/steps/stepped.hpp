/* SPDX-License-Identifier: GPL-2.0 */
/* A function, stepped through with EFLAGS.TF set. */
#pragma once

#include <cstdint>

namespace steps
{

struct stepped {
	uint64_t instructions = 0;
	uint64_t locked = 0; /* with a lock prefix, or an xchg with memory */
};

/* Of this thread; for a function without system calls. */
stepped step_through(void (*fn)(void *), void *argument);

} // namespace steps
