// SPDX-License-Identifier: GPL-2.0
/* Typed events. Slow paths are tail calls, so that the fast path saves no registers for them. */
#include "producer/emission.hpp"

#include "glue/producer.h"

namespace perfbuf
{

constexpr void emission::check() noexcept
{
	static_assert(offsetof(emission, irq_flags_) == offsetof(perfbuf_emission, irq_flags));
	static_assert(offsetof(emission, when_.time) == offsetof(perfbuf_emission, time));
	static_assert(offsetof(emission, when_.ids) == offsetof(perfbuf_emission, ids));
	static_assert(offsetof(emission, when_.ip) == offsetof(perfbuf_emission, caller));
}

/* The C entry's half of the end. */
void *emission::over() noexcept
{
	return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
}

/* False: the event is being emitted in the same context, or the source has not declared it. Each
 * output counts the loss. */
bool emission::enter(event_cpu &here, nesting level, u32 records) noexcept
{
	here_ = &here;
	context_ = &here.context(level);
	if (context_->try_enter()) [[likely]]
		return true;
	count_loss(context_->is_closed() ? loss_cause::context : loss_cause::recursion, records);
	return false;
}

void emission::count_loss(loss_cause why, u32 records) noexcept
{
	for (output *one = here_->first(); one; one = one->next()) {
		if (one->writer() && one->may_write())
			one->owner().count_loss(why, records);
	}
}

/* ---------------------------------------------------------------- in place */

template <sample_layout::kind of>
[[gnu::always_inline]] inline void *emission::begin_alone(event_cpu &here, u32 word, u64 ids,
							  u64 time) noexcept
{
	output &to = *here.first();
	const sample_layout &layout = to.layout();
	const u32 bytes = layout.bytes();
	perf_buffer *into = to.takes_fast_path() ? to.ring() : nullptr;
	recursion_context &context = here.context(nesting::task);
	/* For the slow paths, which find it here. */
	const auto keep = [&]() noexcept {
		when_.time = time;
		when_.ids = ids << 32 | ids >> 32;
		return word | ids << 32;
	};

	if (!into || !context.try_enter()) [[unlikely]]
		return begin_alone_slowly(here, keep());
	context_ = &context;
	to.count_sample();

	contiguous where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return begin_alone_reserved(here, *into, keep());
	into_ = into;

	char *payload = layout.fill<of>(where.at, bytes, {time, ids << 32 | ids >> 32, 0});
	u32 *common = reinterpret_cast<u32 *>(payload);

	cxxrt::write_once(common[0], word);
	cxxrt::write_once(common[1], static_cast<u32>(ids));
	return payload;
}

[[gnu::cold]] void *emission::begin_alone_slowly(event_cpu &here, u64 common) noexcept
{
	return begin_fixed(here, common, nesting::task);
}

[[gnu::cold]] void *emission::begin_alone_reserved(event_cpu &here, perf_buffer &into,
						   u64 common) noexcept
{
	here_ = &here;
	set_fixed(here);
	return build_reserved(*here.first(), into, common);
}

[[gnu::always_inline]] inline void *emission::next() noexcept
{
	perf_buffer *into = into_;

	/* Here the callchains begin, too. */
	if (!into) [[unlikely]]
		return finish(reinterpret_cast<u64>(__builtin_return_address(0)));

	const perf_buffer::committed how = into->try_commit();

	if (how != perf_buffer::committed::done) [[unlikely]]
		return finish_in_place(how);
	context_->leave();
	return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
}

[[gnu::cold]] void *emission::finish_in_place(perf_buffer::committed how) noexcept
{
	into_->commit_slow(how);
	context_->leave();
	return over();
}

/* ---------------------------------------------------------------- built */

void emission::set_fixed(event_cpu &here) noexcept
{
	spare_ = reinterpret_cast<perfbuf_emission *>(this) + 1;
	parts_ = nullptr;
	part_count_ = 0;
	fixed_bytes_ = here.fixed_bytes();
	bytes_ = fixed_bytes_;
}

void *emission::begin_fixed(event_cpu &here, u64 common, nesting level) noexcept
{
	set_fixed(here);
	return build(here, common, level);
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
	return build(here, common, level);
}

void *emission::build(event_cpu &here, u64 common, nesting level) noexcept
{
	if (!enter(here, level)) [[unlikely]]
		return over();
	into_ = nullptr;
	is_open_ = false;
	__builtin_memcpy(spare_, &common, sizeof(common));
	return spare_;
}

/* The ring was entered: nobody publishes until this record is committed. */
void *emission::build_reserved(output &to, perf_buffer &into, u64 common) noexcept
{
	const u32 bytes = to.layout().bytes();
	const int why = to.owner().reserve_entered(into, record_, bytes);

	if (why) {
		to.owner().count_refused(into, why);
		context_->leave();
		return over();
	}
	to.layout().put(record(), bytes, when_);
	into_ = nullptr;
	is_open_ = true;
	__builtin_memcpy(spare_, &common, sizeof(common));
	return spare_;
}

void *emission::finish(u64 caller) noexcept
{
	when_.ip = caller;
	if (is_open_) [[unlikely]] {
		put_payload(record());
		record().commit();
		record().~reservation();
	} else if (bytes_ > step_payload) [[unlikely]] {
		write_in_steps();
	} else {
		for (output *one = here_->first(); one; one = one->next())
			write(*one);
	}
	context_->leave();
	return over();
}

void emission::put_payload(reservation &into) const noexcept
{
	into.copy(spare_, fixed_bytes_);
	for (u32 i = 0; i < part_count_; i++) {
		if (parts_[i].bytes)
			into.copy(parts_[i].from, parts_[i].bytes);
	}
	into.zero(padding());
}

/*
 * A large payload: interrupts are let in between records. Then readers come and go: those that are
 * there afterwards are looked through again, and each has a mark that says whether it has had this
 * payload. A reader that comes meanwhile may have it, too. Marks are of one emission at a time on a
 * CPU, since an emission that interrupts this one is not of a task.
 */
[[gnu::cold]] [[gnu::noinline]] void emission::write_in_steps() noexcept
{
	const u64 mark = here_->next_mark();
	u32 copied = 0;
	output *one = here_->first();

	while (one) {
		if (one->has_mark(mark)) {
			one = one->next();
			continue;
		}
		one->set_mark(mark);
		write(*one);
		copied += bytes_;

		const u32 changes = here_->changes();

		if (copied >= step_bytes &&
		    pb_emission_let_interrupts_in(reinterpret_cast<perfbuf_emission *>(this)))
			copied = 0;
		one = here_->changes() == changes ? one->next() : here_->first();
	}
}

inline void emission::write(output &to) noexcept
{
	const sample_layout &layout = to.layout();
	const u32 bytes = static_cast<u32>(layout.bytes_of(bytes_));

	if (!to.takes_filtered_path()) [[unlikely]]
		return write_slowly(to);
	if (!to.matches(spare_, parts_))
		return;

	perf_buffer *into = to.ring();

	if (!into) [[unlikely]]
		return write_by_begin(to, bytes);
	to.count_sample();

	contiguous where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return write_in_pieces(to, *into, bytes);

	char *payload = layout.fill_sized(where.at, bytes, when_);

	cxxrt::copy_plain(payload, spare_, fixed_bytes_);
	payload += fixed_bytes_;
	for (u32 i = 0; i < part_count_; i++) {
		if (parts_[i].bytes)
			cxxrt::copy_plain(payload, parts_[i].from, parts_[i].bytes);
		payload += parts_[i].bytes;
	}
	to.count_towards_wakeup(*into);
	into->commit_contiguous();
}

[[gnu::cold]] void emission::write_in_pieces(output &to, perf_buffer &into, u32 bytes) noexcept
{
	const int why = to.owner().reserve_entered(into, record_, bytes);

	if (why) {
		to.owner().count_refused(into, why);
		return;
	}
	commit_pieces(to, bytes);
}

/* There is no ring: the event counts the loss. */
[[gnu::noinline]] void emission::write_by_begin(output &to, u32 bytes) noexcept
{
	const moment when = {.time = when_.time,
			     .pid = static_cast<u32>(when_.ids),
			     .tid = static_cast<u32>(when_.ids >> 32),
			     .cpu = pb_this_cpu()};

	to.count_occurrence();
	if (to.owner().begin_at(record_, bytes, when))
		commit_pieces(to, bytes);
}

void emission::commit_pieces(output &to, u32 bytes) noexcept
{
	to.layout().put(record(), bytes, when_);
	put_payload(record());
	to.count_towards_wakeup(record().ring());
	record().commit();
	record().~reservation();
}

[[gnu::noinline]] void emission::write_slowly(output &to) noexcept
{
	if (!to.may_write() || !to.matches(spare_, parts_) || !open_record(to))
		return;
	if (to.writer()->has_raw()) [[likely]]
		put_payload(record());
	close_record();
}

/* ---------------------------------------------------------------- by the sample_writer */

/* False: it is not a sample, or there is no space. */
bool emission::open_record(output &to) noexcept
{
	if (!to.happened())
		return false;

	at_ = &to;
	is_open_ = false;
	/* The last that REFRESH allows is written, too; may_write() refuses the next. */
	(void)to.owner().count_overflow();
	if (to.writer()->wants_regs()) [[unlikely]]
		pb_with_here_regs(open_with_regs, this);
	else
		open_with_regs(this, nullptr);
	if (!is_open_)
		to.owner().sample_over();
	return is_open_;
}

void emission::open_with_regs(void *self, const pb_regs *regs) noexcept
{
	emission &mine = *static_cast<emission *>(self);
	output &to = *mine.at_;
	__attribute__((uninitialized)) const sample what = {
		.regs = regs,
		.ip = mine.when_.ip,
		.user = false,
		.address = 0,
		.period = to.owner().period(),
		.raw_bytes = mine.bytes_,
		.from_here = true,
	};
	cxxrt::result<reservation> begun = to.writer()->begin(what, mine.behind_);

	if (!begun) [[unlikely]]
		return;
	::new (mine.record_) reservation(begun.take());
	mine.is_open_ = true;
}

void emission::close_record() noexcept
{
	at_->writer()->finish(std::move(record()), behind_);
	record().~reservation();
	is_open_ = false;
	at_->owner().sample_over();
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::event_cpu;
using perfbuf::nesting;
using perfbuf::sample_layout;

void *perfbuf_emit_raw(struct perfbuf_emission *raw, struct pb_event_cpu *here, __u32 word,
		       __u64 ids) noexcept
{
	return emission::of(raw).begin_alone<sample_layout::kind::raw>(
		*reinterpret_cast<event_cpu *>(here), word, ids, 0);
}

void *perfbuf_emit_raw_time_tid_cpu(struct perfbuf_emission *raw, struct pb_event_cpu *here,
				    __u32 word, __u64 ids, __u64 time) noexcept
{
	return emission::of(raw).begin_alone<sample_layout::kind::raw_time_tid_cpu>(
		*reinterpret_cast<event_cpu *>(here), word, ids, time);
}

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

void *perfbuf_fixed_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next();
}

void *perfbuf_emit_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next();
}
