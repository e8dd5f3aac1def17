// SPDX-License-Identifier: GPL-2.0
#include "device/callchain.hpp"

#include "device/setup.hpp"
#include "device/task.h"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::result;

namespace
{

constinit callchain_scratch **cpus; /* by CPU; fixed while there are users */
constinit u32 users;		    /* under the setup lock */

void free_all() noexcept
{
	for (u32 cpu = 0; cpu < pb_nr_cpu_ids(); cpu++)
		delete cpus[cpu];
	cxxrt_free(std::exchange(cpus, nullptr));
}

} // namespace

result<void> callchain_scratch::get() noexcept
{
	setup_guard held;

	if (users) {
		users++;
		return {};
	}

	cpus = static_cast<callchain_scratch **>(
		cxxrt_alloc(pb_nr_cpu_ids() * sizeof(cpus[0]), PB_GFP_KERNEL));
	if (!cpus)
		return error(ENOMEM);
	for (u32 cpu = 0; cpu < pb_nr_cpu_ids(); cpu++) {
		cpus[cpu] = new (gfp::kernel) callchain_scratch;
		if (cpus[cpu])
			continue;
		free_all();
		return error(ENOMEM);
	}
	users = 1;
	return {};
}

void callchain_scratch::put() noexcept
{
	setup_guard held;

	if (!--users)
		free_all();
}

callchain_scratch::user::user(u32 cpu) noexcept
	: cpu_(*cpus[cpu]), level_(static_cast<nesting>(pb_nesting_level()))
{
	if (cpu_.busy_.try_enter(level_))
		frames_ = cpu_.frames_[static_cast<u32>(level_)];
}

callchain_scratch::user::~user()
{
	if (frames_)
		cpu_.busy_.exit(level_);
}

} // namespace perfbuf
