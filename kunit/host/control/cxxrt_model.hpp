/* SPDX-License-Identifier: GPL-2.0 */
/* What <cxxrt/memory_model.hpp> calls before each access: the shared words that an operation
 * touches are its cost, whatever the machine. */
#pragma once

#include <cstddef>

namespace cxxrt::model
{

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

inline unsigned long touched;

inline void before(access, const volatile void *, std::size_t bytes) noexcept
{
	touched += bytes != 0;
}

} // namespace cxxrt::model
