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

u32 listeners::way_to(const output *first) noexcept
{
	if (!first)
		return PB_WAY_NONE;

	u32 way = PB_WAY_PLAIN;

	for (const output *one = first; one; one = rcu_list<output>::next(*one))
		if (!one->form().is_lean())
			way = PB_WAY_ALL;
	if (!rcu_list<output>::is_last(*first))
		return way;

	const sample_form &form = first->form();

	if (way == PB_WAY_PLAIN)
		return PB_WAY_LEAN;
	return form.is_usual() ? PB_WAY_USUAL : form ? PB_WAY_FORM : PB_WAY_ALL;
}

void listeners::add(output &one) noexcept
{
	/* Of those who are there, each is told on this way. */
	if (list.first())
		way.set(PB_WAY_ALL);
	list.push(one);
	cxxrt::barrier();
	way.set(way_to(list.first()));
}

void listeners::remove(output &one) noexcept
{
	const bool is_only = list.first() == &one && rcu_list<output>::is_last(one);

	/* Where there is a way somebody is in the list. */
	way.set(is_only ? PB_WAY_NONE : PB_WAY_ALL);
	cxxrt::barrier();
	list.remove(one);
	cxxrt::barrier();
	way.set(way_to(list.first()));
}

void output::start(u64 left) noexcept
{
	if (runs())
		return;
	left_.set(left);
	ran_.start();

	listeners &here = listeners_on(shared_.listeners, cpu_);

	here.common = shared_.id | PB_COMMON_IRQS_OFF;
	here.add(*this);
}

u64 output::stop() noexcept
{
	if (!runs())
		return 0;
	ran_.stop();

	listeners_on(shared_.listeners, cpu_).remove(*this);
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
