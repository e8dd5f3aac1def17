/* SPDX-License-Identifier: GPL-2.0 */
/* The accesses of <cxxrt/memory_model.hpp>, as they are reported to a memory model. */
#pragma once

namespace cxxrt::model
{

/* rmw is a full barrier for all CPUs, local_rmw for its own CPU alone.
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
