// SPDX-License-Identifier: GPL-2.0
/* Adds outputs to their event on a CPU, and chooses each output's layout. Process context. */
#include "producer/output.hpp"

#include "glue/producer.h"

namespace perfbuf
{

namespace
{

event_cpu &event_cpu_on(void *all, u32 cpu) noexcept
{
	return *static_cast<event_cpu *>(pb_percpu_at(all, cpu));
}

} // namespace

constexpr void event_cpu::check() noexcept
{
	static_assert(offsetof(event_cpu, busy_) == offsetof(pb_event_cpu, busy));
	/* of_task_context() */
	static_assert(offsetof(event_cpu, busy_) == 0 && static_cast<u32>(nesting::task) == 0);
	static_assert(offsetof(event_cpu, first_) == offsetof(pb_event_cpu, first));
	static_assert(offsetof(event_cpu, alone_) == offsetof(pb_event_cpu, alone));
	static_assert(offsetof(event_cpu, needs_) == offsetof(pb_event_cpu, needs));
	static_assert(offsetof(event_cpu, common_) == offsetof(pb_event_cpu, common));
	static_assert(sample_layout::needs_time == PB_NEEDS_TIME);
	static_assert(sample_layout::needs_ids == PB_NEEDS_IDS);
	static_assert((sample_layout::needs_time | sample_layout::needs_ids) < 1u << needs_bits);
}

void event_cpu::set_up(u32 id, u32 fixed_bytes, u32 contexts) noexcept
{
	static_assert(PERFBUF_CONTEXT_TASK == 1u << static_cast<u32>(nesting::task));
	static_assert(PERFBUF_CONTEXT_SOFTIRQ == 1u << static_cast<u32>(nesting::softirq));
	static_assert(PERFBUF_CONTEXT_HARDIRQ == 1u << static_cast<u32>(nesting::irq));
	static_assert(PERFBUF_CONTEXT_NMI == 1u << static_cast<u32>(nesting::nmi));

	common_ = id | PB_COMMON_IRQS_OFF;
	fixed_bytes_ = fixed_bytes;
	for (u32 level = 0; level < nesting_levels; level++) {
		if (!(contexts & 1u << level))
			busy_.at(static_cast<nesting>(level)).close();
	}
}

void event_cpu::set_alone() noexcept
{
	const output *only = first();

	alone_.set(count_ == 1 ? only->alone() : u32{PB_ALONE_NOT});
}

void event_cpu::add(output &added) noexcept
{
	const u32 needs = added.layout_.needs();
	output *before = first();

	alone_.set(PB_ALONE_NOT);
	needs_.set(needs_.read() | needs);
	for (u32 i = 0; i < needs_bits; i++)
		needing_[i] += needs >> i & 1;
	cxxrt::barrier();
	added.next_.write_once(before);
	added.link_ = &first_;
	if (before)
		before->link_ = &added.next_;
	cxxrt::barrier();
	first_.write_once(&added);
	count_++;
	changes_.write_once(changes_.read_once() + 1);
	cxxrt::barrier();
	set_alone();
}

void event_cpu::remove(output &removed) noexcept
{
	const u32 needs = removed.layout_.needs();
	output *behind = removed.next();
	u32 left = 0;

	alone_.set(PB_ALONE_NOT);
	cxxrt::barrier();
	removed.link_->write_once(behind);
	if (behind)
		behind->link_ = removed.link_;
	count_--;
	changes_.write_once(changes_.read_once() + 1);
	cxxrt::barrier();
	for (u32 i = 0; i < needs_bits; i++) {
		needing_[i] -= needs >> i & 1;
		left |= needing_[i] ? 1u << i : 0;
	}
	needs_.set(left);
	set_alone();
}

output::output(event &owner, const sample_writer *writer, u32 cpu, output_shared &shared) noexcept
	: owner_(owner), layout_(owner, cpu, shared.fixed_bytes), writer_(writer), shared_(shared),
	  cpu_(cpu), on_any_cpu_(owner.cpu() < 0),
	  wakeup_events_(owner.attr().watermark ? 0 : owner.attr().wakeup_events),
	  is_written_inline_(!on_any_cpu_ && !wakeup_events_ && has_layout())
{
	if (!writer || !has_layout() || shared.hidden)
		owner.close_fast_path(event_mode::no_layout);
}

u32 output::alone() const noexcept
{
	/* Where the emitter is, next() finds out, and then a record in place is there. */
	if (on_any_cpu_ || wakeup_events_ || layout_.has_ip())
		return PB_ALONE_NOT;
	switch (layout_.fields()) {
	case sample_layout::kind::raw:
		return PB_ALONE_RAW;
	case sample_layout::kind::raw_time_tid_cpu:
		return PB_ALONE_RAW_TIME_TID_CPU;
	case sample_layout::kind::others:
		return PB_ALONE_OTHERS;
	default:
		return PB_ALONE_NOT;
	}
}

void output::start(u64 left) noexcept
{
	if (runs())
		return;
	left_.set(left);
	ran_.start();

	event_cpu_on(shared_.event_cpus, cpu_).add(*this);
}

u64 output::stop() noexcept
{
	if (!runs())
		return 0;
	ran_.stop();
	event_cpu_on(shared_.event_cpus, cpu_).remove(*this);
	return left_.read();
}

/* One step: an NMI between reading and writing would be one that is not counted. A period of 0 is
 * never over. */
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
