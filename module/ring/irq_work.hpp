/* SPDX-License-Identifier: GPL-2.0 */
/* irq_work<Owner>: the kernel's irq_work, which calls a function of its owner in hard irq. */
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

	/* Several calls before it has run cause one run. Any context, NMI included. */
	void raise() noexcept { pb_irq_work_raise(&raw_); }
	/* Waits until it is neither running nor pending. Process context, sleeps. */
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
