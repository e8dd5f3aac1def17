// SPDX-License-Identifier: GPL-2.0
/* Starts and stops the parts of a stream on the CPUs that they belong to. */
#include "device/cpu_stream.hpp"

namespace perfbuf
{

using cxxrt::result;

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

} // namespace perfbuf
