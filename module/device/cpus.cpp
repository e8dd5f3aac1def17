// SPDX-License-Identifier: GPL-2.0
/* Opens and closes CPUs for writers as they go online and offline, and calls functions there. */
#include "device/cpus.hpp"

#include "device/setup.hpp"
#include "device/task.h"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

namespace
{

/* Indexed by CPU. Written on that CPU, under the lists' lock. */
constinit cxxrt::shared<u8> is_open[PB_NR_CPUS];

struct call {
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

/* Runs in an interrupt. The CPU may have closed before the interrupt arrived. */
void call_here(void *of) noexcept
{
	call *wanted = static_cast<call *>(of);

	if (!cpu_is_open(pb_this_cpu()))
		return;
	wanted->fn(wanted->arg);
	wanted->done = true;
}

} // namespace

bool cpu_is_open(u32 cpu) noexcept
{
	return is_open[cpu].read_once();
}

void open_cpu(u32 cpu) noexcept
{
	lists_guard held;

	is_open[cpu].write_once(1);
}

void close_cpu(u32 cpu) noexcept
{
	lists_guard held;

	is_open[cpu].write_once(0);
}

void run_alone_on(u32 cpu, void (*fn)(void *arg), void *arg) noexcept
{
	call wanted = {fn, arg, false};

	do {
		{
			lists_guard held;

			if (!is_open[cpu].read_once())
				return fn(arg);
		}
		pb_call_on_cpu(static_cast<int>(cpu), call_here, &wanted);
	} while (!wanted.done);
}

} // namespace perfbuf
