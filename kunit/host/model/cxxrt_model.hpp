/* SPDX-License-Identifier: GPL-2.0 */
/* What <cxxrt/memory_model.hpp> calls before each access where CXXRT_MODEL is set. */
#pragma once

#include <cstddef>

namespace cxxrt::model
{

/* rmw orders what is before it and what is after it for everybody, local_rmw for its own CPU alone.
 */
enum class access {
	load,
	acquire,
	store,
	release,
	rmw,
	local_rmw,
	plain_store,
	wmb,
	rmb,
	mb,
	barrier
};

/* The @bytes at @where are about to be read or written; for a barrier there are none. */
void before(access what, const volatile void *where, std::size_t bytes) noexcept;

} // namespace cxxrt::model
