/* SPDX-License-Identifier: GPL-2.0 */
/* The accesses of <cxxrt/memory_model.hpp>, as a model of memory is told of them. */
#pragma once

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

} // namespace cxxrt::model
