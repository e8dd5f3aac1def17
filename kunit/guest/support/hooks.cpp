// SPDX-License-Identifier: GPL-2.0
/* Keeps the kernel's hooks attached from the first test to the last, by an event of each side. */
#include "support/hooks.hpp"

#include <memory>

#include <unistd.h>

#include "support/event.hpp"
#include "support/mode.hpp"
#include "support/process.hpp"

namespace device_test
{

namespace
{

class holder
{
public:
	holder()
	{
		perf_event_attr attr = clock_attr();
		attr.disabled = 0;
		attr.comm = attr.task = attr.mmap = attr.mmap2 = 1;
		perfs_ = opened(side::perf, attr);
		if (!perf_only())
			ours_ = opened(side::clock, attr);
	}

private:
	/* Where it may not be opened, there is nothing to hold. */
	unique_fd opened(side s, const perf_event_attr &attr) const
	{
		const int fd = open_event(s, &attr, target::thread(asleep_.pid()));
		return unique_fd(fd < 0 ? -1 : fd);
	}

	child asleep_{[] {
		for (;;)
			pause();
		return 0;
	}};
	unique_fd perfs_, ours_;
};

std::unique_ptr<holder> held;

} /* namespace */

void hold_hooks()
{
	held = std::make_unique<holder>();
}

void let_hooks_go()
{
	held.reset();
}

} /* namespace device_test */
