/* SPDX-License-Identifier: GPL-2.0 */
/* irq_work<Owner>: a call of a function of its owner in hard irq, asked for in any context. */
#pragma once

#include "ring/pages.h"

#include <cxxrt/lock.hpp>

namespace perfbuf
{

template <typename Owner>
class irq_work
{
public:
	irq_work(Owner &owner, void (*run)(Owner &)) noexcept : owner_(&owner), run_(run)
	{
		pb_irq_work_init(&raw_, call);
	}

	/* Raised again before it ran, it runs once. Any context, NMI included. */
	void raise() noexcept { pb_irq_work_raise(&raw_); }
	/* On return it neither runs nor waits to. Process context, sleeps. */
	void sync() noexcept { pb_irq_work_sync(&raw_); }

private:
	static void call(void *raw) noexcept
	{
		irq_work *self = CXXRT_CONTAINER_OF(raw, irq_work, raw_);

		self->run_(*self->owner_);
	}

	cxxrt::opaque<PB_SIZEOF_IRQ_WORK> raw_;
	Owner *owner_;
	void (*run_)(Owner &);
};

} // namespace perfbuf
