// SPDX-License-Identifier: GPL-2.0
#include "producer/output.hpp"

#include "glue/producer.h"

namespace perfbuf
{

namespace
{

listeners &listeners_on(void *all, u32 cpu) noexcept
{
	return *static_cast<listeners *>(pb_percpu_at(all, cpu));
}

} // namespace

void output::start(u64 left) noexcept
{
	if (runs())
		return;
	left_.set(left);
	ran_.start();

	listeners &here = listeners_on(shared_.listeners, cpu_);

	here.id = shared_.id;
	/* Before, and after: an NMI may come in between. */
	if (form().is_stamped())
		here.stamped.add(1);
	here.list.push(*this);
}

u64 output::stop() noexcept
{
	if (!runs())
		return 0;
	ran_.stop();

	listeners &here = listeners_on(shared_.listeners, cpu_);

	here.list.remove(*this);
	if (form().is_stamped())
		here.stamped.add(-1u);
	return left_.read();
}

/* One step: an NMI between reading and writing would be one that is not counted. */
bool output::period_is_over(u64 period) noexcept
{
	u64 seen = left_.read();
	u64 left;

	do
		left = seen && seen <= period ? seen : period;
	while (!left_.try_cmpxchg(seen, left - 1));
	return left == 1;
}

} // namespace perfbuf
