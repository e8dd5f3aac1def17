/* SPDX-License-Identifier: GPL-2.0 */
/* deferred<Owner>: one call of a function of its owner, in process context, after a grace period.
 */
#pragma once

#include <cxxrt/lock.hpp>
#include <cxxrt/platform.h>

namespace cxxrt
{

template <typename Owner>
class deferred
{
public:
	deferred(Owner &owner, void (*run)(Owner &)) noexcept : owner_(&owner), run_(run)
	{
		cxxrt_defer_init(&raw_, call);
	}

	/* Once, until it has run. Any context but NMI. */
	void start() noexcept { cxxrt_defer(&raw_); }

private:
	static void call(void *raw) noexcept
	{
		deferred *self = CXXRT_CONTAINER_OF(raw, deferred, raw_);

		self->run_(*self->owner_);
	}

	opaque<PB_SIZEOF_RCU_WORK> raw_;
	Owner *owner_;
	void (*run_)(Owner &);
};

} // namespace cxxrt
