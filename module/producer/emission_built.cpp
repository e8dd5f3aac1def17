// SPDX-License-Identifier: GPL-2.0
/* Typed events whose payload is built in a spare and copied into the record of each reader. */
#include "producer/emission.hpp"

namespace perfbuf
{

namespace
{

/*
 * Stand for the ring of an emission whose payload is not in a ring, so that next() needs no check.
 * No writer ever enters them, so their try_commit() stores nothing and returns
 * committed::unpublished.
 */
alignas(perf_buffer) constinit const unsigned char no_rings[2][sizeof(perf_buffer)] = {};

} // namespace

u64 emission::built() noexcept
{
	return reinterpret_cast<u64>(no_rings[0]);
}

u64 emission::reserved() noexcept
{
	return reinterpret_cast<u64>(no_rings[1]);
}

/* False: the event is being emitted in the same context, or the source has not declared it. Each
 * output counts the loss. */
bool emission::enter(event_cpu &here, nesting level, u32 records) noexcept
{
	here_ = &here;
	context_ = &here.context(level);
	if (context_->try_enter(built())) [[likely]]
		return true;
	count_loss(context_->is_closed() ? loss_cause::context : loss_cause::recursion, records);
	return false;
}

void emission::count_loss(loss_cause why, u32 records) noexcept
{
	for (output *output = here_->first(); output; output = output->next()) {
		if (output->writer() && output->may_write())
			output->owner().count_loss(why, records);
	}
}

/* Sets the members that describe the payload of an event of a fixed size. The fast path does not
 * need them. */
void emission::set_fixed(event_cpu &here) noexcept
{
	spare_ = fixed_spare();
	parts_ = nullptr;
	part_count_ = 0;
	fixed_bytes_ = here.fixed_bytes();
	bytes_ = fixed_bytes_;
}

void *emission::begin_fixed(event_cpu &here, u64 common, nesting level) noexcept
{
	is_fixed_ = true;
	if (!enter(here, level)) [[unlikely]]
		return over();
	__builtin_memcpy(fixed_spare(), &common, sizeof(common));
	return fixed_spare();
}

void *emission::begin_parts(event_cpu &here, u64 common, nesting level, u32 fixed_bytes,
			    void *spare, const perfbuf_part *parts, u32 part_count) noexcept
{
	u64 bytes = fixed_bytes;

	for (u32 i = 0; i < part_count; i++)
		bytes += parts[i].bytes;
	spare_ = spare;
	parts_ = parts;
	part_count_ = part_count;
	fixed_bytes_ = fixed_bytes;
	bytes_ = static_cast<u32>(cxxrt::min(bytes, payload_max));
	is_fixed_ = false;
	if (!enter(here, level)) [[unlikely]]
		return over();
	__builtin_memcpy(spare, &common, sizeof(common));
	return spare;
}

/* next() after committed::unpublished: the payload is in the spare, or the writer is nested in
 * another of its ring. @caller: where the callchains begin. */
[[gnu::noinline]] void *emission::next_unpublished(u64 caller) noexcept
{
	if (context_->word() != built()) [[unlikely]]
		return next_in_ring();
	when_.ip = caller;
	if (!is_fixed_) [[unlikely]]
		return finish_parts();

	for (output *output = here_->first(); output; output = output->next()) {
		if (!output->is_written_inline()) [[unlikely]] {
			write_fixed(*output);
			continue;
		}
		if (!output->takes_fast_path()) [[unlikely]] {
			const filter *condition = output->active_filter();

			if (!output->owner().takes_filtered_path() || !condition ||
			    condition->compares_text()) {
				write_fixed(*output);
				continue;
			}
			if (!condition->matches_numbers(fixed_spare()))
				continue;
		}
		write_inline(*output);
	}
	context_->exit();
	return over();
}

[[gnu::cold, gnu::noinline]] void *emission::next_in_ring() noexcept
{
	const u64 word = context_->word();

	if (word == reserved())
		return finish_reserved();
	reinterpret_cast<perf_buffer *>(word)->commit_slow(perf_buffer::committed::unpublished);
	context_->exit();
	return over();
}

[[gnu::noinline]] void *emission::finish_parts() noexcept
{
	if (bytes_ > step_payload) [[unlikely]] {
		write_in_steps();
	} else {
		for (output *output = here_->first(); output; output = output->next())
			write(*output);
	}
	context_->exit();
	return over();
}

[[gnu::cold]] void *emission::finish_reserved() noexcept
{
	put_payload(record());
	record().commit();
	record().~reservation();
	context_->exit();
	return over();
}

/*
 * A large payload: interrupts are let in between records. Readers may be attached and detached
 * meanwhile; then the loop starts again, and skips the readers whose mark says that they have had
 * this payload. A reader that is attached meanwhile may get it, too. One emission at a time uses
 * the marks of a CPU, because an emission that interrupts this one does not come from a task.
 */
[[gnu::cold]] [[gnu::noinline]] void emission::write_in_steps() noexcept
{
	const u64 mark = here_->next_mark();
	u32 copied = 0;
	output *output = here_->first();

	while (output) {
		if (output->has_mark(mark)) {
			output = output->next();
			continue;
		}
		output->set_mark(mark);
		write(*output);
		copied += bytes_;

		const u32 changes = here_->changes();

		if (copied >= step_bytes &&
		    pb_emission_let_interrupts_in(reinterpret_cast<perfbuf_emission *>(this)))
			copied = 0;
		output = here_->changes() == changes ? output->next() : here_->first();
	}
}

[[gnu::noinline]] void emission::write_fixed(output &to) noexcept
{
	set_fixed(*here_);
	write(to);
}

[[gnu::cold, gnu::noinline]] void
emission::write_fixed_by_reservation(output &to, perf_buffer &into, u32 bytes) noexcept
{
	set_fixed(*here_);
	write_by_reservation(to, into, bytes);
}

/* Not inline, because it needs registers, which the loop over the readers would save. */
[[gnu::noinline]] char *emission::fill_others(const sample_layout &layout, char *record, u64 bytes,
					      const sample_layout::moment &when) noexcept
{
	return layout.fill<sample_layout::kind::others>(record, bytes, when);
}

/* write_fixed() for an output that is_written_inline(). The filter matches. */
[[gnu::always_inline]] inline void emission::write_inline(output &to) noexcept
{
	const sample_layout &layout = to.layout();
	const u64 bytes = layout.bytes();
	event &owner = to.owner();
	perf_buffer *into = owner.ring();

	if (!into) [[unlikely]]
		return write_fixed(to);
	to.count_occurrence();
	owner.count_record();

	contiguous_record where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return write_fixed_by_reservation(to, *into, static_cast<u32>(bytes));

	using enum sample_layout::kind;
	char *at;

	if (layout.fields() == raw)
		at = layout.fill<raw>(where.address, bytes, when_);
	else if (layout.fields() == raw_time_tid_cpu)
		at = layout.fill<raw_time_tid_cpu>(where.address, bytes, when_);
	else
		at = fill_others(layout, where.address, bytes, when_);
	cxxrt::copy_plain(at, fixed_spare(), here_->fixed_bytes());
	into->commit_contiguous();
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::event_cpu;
using perfbuf::nesting;

void *perfbuf_emit_any(struct perfbuf_emission *raw, struct pb_event_cpu *here, __u64 common,
		       __u32 level) noexcept
{
	return emission::of(raw).begin_fixed(*reinterpret_cast<event_cpu *>(here), common,
					     static_cast<nesting>(level));
}

void *perfbuf_emit_parts(struct perfbuf_emission *raw, struct pb_event_cpu *here, __u64 common,
			 __u32 level, __u32 fixed_bytes, void *spare,
			 const struct perfbuf_part *parts, __u32 part_count) noexcept
{
	return emission::of(raw).begin_parts(*reinterpret_cast<event_cpu *>(here), common,
					     static_cast<nesting>(level), fixed_bytes, spare, parts,
					     part_count);
}
