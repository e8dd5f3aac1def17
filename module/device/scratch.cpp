// SPDX-License-Identifier: GPL-2.0
/* Allocates the per-CPU memory for callchains and counts while an event needs it. */
#include "device/scratch.hpp"

#include "device/setup.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

void free_all(void **all) noexcept
{
	for (u32 cpu = 0; all && cpu < pb_nr_cpu_ids(); cpu++)
		cxxrt_free(all[cpu]);
	cxxrt_free(all);
}

} // namespace

constinit scratch<callchain_words> callchain_scratch;
constinit scratch<event_group::read_words_max + callchain_words> counts_scratch;

void **scratch_memory::make_all() const noexcept
{
	auto **made =
		static_cast<void **>(cxxrt_alloc(pb_nr_cpu_ids() * sizeof(void *), PB_GFP_KERNEL));

	for (u32 cpu = 0; made && cpu < pb_nr_cpu_ids(); cpu++) {
		made[cpu] = cxxrt_alloc(bytes_, PB_GFP_KERNEL);
		if (!made[cpu]) {
			free_all(made);
			return nullptr;
		}
	}
	return made;
}

bool scratch_memory::join(void **&made) noexcept
{
	setup_guard held;

	if (!users_ && !made)
		return false;
	if (!users_++)
		cpus_ = std::exchange(made, nullptr);
	return true;
}

result<void> scratch_memory::get() noexcept
{
	void **made = nullptr;

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

void scratch_memory::put() noexcept
{
	setup_guard held;

	if (!--users_)
		free_all(std::exchange(cpus_, nullptr));
}

} // namespace perfbuf
