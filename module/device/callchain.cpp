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

void free_all(callchain_scratch **all) noexcept
{
	for (u32 cpu = 0; all && cpu < pb_nr_cpu_ids(); cpu++)
		delete all[cpu];
	cxxrt_free(all);
}

/* nullptr: no memory. */
callchain_scratch **make_all() noexcept
{
	auto **made = static_cast<callchain_scratch **>(
		cxxrt_alloc(pb_nr_cpu_ids() * sizeof(callchain_scratch *), PB_GFP_KERNEL));

	for (u32 cpu = 0; made && cpu < pb_nr_cpu_ids(); cpu++) {
		made[cpu] = new (gfp::kernel) callchain_scratch;
		if (!made[cpu]) {
			free_all(made);
			return nullptr;
		}
	}
	return made;
}

/* Adds a user if there is a table, or if @made is one; takes over @made in the second case. */
bool join(callchain_scratch **&made) noexcept
{
	setup_guard held;

	if (!users && !made)
		return false;
	if (!users++)
		cpus = std::exchange(made, nullptr);
	return true;
}

} // namespace

result<void> callchain_scratch::get() noexcept
{
	callchain_scratch **made = nullptr;

	if (join(made))
		return {};
	/* Not under the lock, which all users take: docs/limits.md. */
	made = make_all();
	if (!made)
		return error(ENOMEM);
	join(made);
	free_all(made);
	return {};
}

void callchain_scratch::put() noexcept
{
	setup_guard held;

	if (!--users)
		free_all(std::exchange(cpus, nullptr));
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
