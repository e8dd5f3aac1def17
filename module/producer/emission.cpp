// SPDX-License-Identifier: GPL-2.0
/*
 * Typed events whose payload goes into the record in the ring; the others are in
 * emission_built.cpp. Slow paths are tail calls, so that the fast path saves no registers for them.
 */
#include "producer/emission.hpp"

namespace perfbuf
{

constexpr void emission::check() noexcept
{
	static_assert(offsetof(emission, irq_flags_) == offsetof(perfbuf_emission, irq_flags));
	static_assert(offsetof(emission, when_.time) == offsetof(perfbuf_emission, time));
	static_assert(offsetof(emission, when_.ids) == offsetof(perfbuf_emission, ids));
	static_assert(offsetof(emission, when_.ip) == offsetof(perfbuf_emission, caller));
}

/*
 * Makes gcc leave the arguments of begin_alone() in the registers in which they came. Otherwise
 * it moves them first, in order to use these registers for what follows.
 */
[[gnu::always_inline]] static inline void
first_two_are_in_registers([[maybe_unused]] const void *first,
			   [[maybe_unused]] const void *second) noexcept
{
#ifdef __x86_64__
	asm("" : : "D"(first), "S"(second));
#endif
}

[[gnu::always_inline]] static inline void
next_two_are_in_registers([[maybe_unused]] u64 &third, [[maybe_unused]] u32 &fourth) noexcept
{
#ifdef __x86_64__
	asm("" : "+d"(third), "+c"(fourth));
#endif
}

template <sample_layout::kind of>
[[gnu::always_inline]] inline void *emission::begin_alone(event_cpu &here, u64 ids, u32 word,
							  u64 time) noexcept
{
	output &to = *here.first();
	event &owner = to.owner();
	const sample_layout &layout = to.layout();
	const u64 bytes = layout.bytes();
	perf_buffer *into = owner.takes_fast_path() ? owner.ring() : nullptr;
	recursion_context &context = here.task_context();

	if (!into || !context.try_enter(reinterpret_cast<u64>(into))) [[unlikely]]
		return begin_alone_slow(here, ids, word, time);
	first_two_are_in_registers(this, &here);
	context_ = &context;
	to.count_occurrence();
	owner.count_record();

	contiguous_record where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return begin_alone_reserved(to, ids, word, time);

	next_two_are_in_registers(ids, word);
	constexpr u32 payload_at = sample_layout::payload_at_of<of>();
	char *record = where.address;

	layout.fill<of>(record, bytes, {time, ids << 32 | ids >> 32, 0});

	u32 *common = reinterpret_cast<u32 *>(record + payload_at);

	cxxrt::write_once(common[0], word);
	cxxrt::write_once(common[1], static_cast<u32>(ids));
	/* gcc would otherwise compute the sum above in another register, and move it. */
	asm("" : "+r"(record));
	return record + payload_at;
}

void emission::set_moment(u64 ids, u64 time) noexcept
{
	when_.time = time;
	when_.ids = ids << 32 | ids >> 32;
}

[[gnu::cold, gnu::noinline]] void *emission::begin_alone_slow(event_cpu &here, u64 ids, u32 word,
							      u64 time) noexcept
{
	set_moment(ids, time);
	return begin_fixed(here, word | ids << 32, nesting::task);
}

[[gnu::cold, gnu::noinline]] void *emission::begin_alone_reserved(output &to, u64 ids, u32 word,
								  u64 time) noexcept
{
	set_moment(ids, time);
	return begin_reserved(to, word | ids << 32);
}

/* The slow path of begin_alone(), after the ring was entered: so no writer publishes until this
 * record is committed. */
[[gnu::cold, gnu::noinline]] void *emission::begin_reserved(output &to, u64 common) noexcept
{
	perf_buffer &into = *reinterpret_cast<perf_buffer *>(context_->word());
	const u32 bytes = to.layout().bytes();

	context_->set_word(reserved());
	set_fixed(event_cpu::of_task_context(*context_));

	const int why = to.owner().reserve_after_try(into, record_, bytes);

	if (why) {
		to.owner().count_refused(into, why);
		context_->exit();
		return over();
	}
	to.layout().put(record(), bytes, when_);
	__builtin_memcpy(spare_, &common, sizeof(common));
	return spare_;
}

void *emission::begin_alone_others(event_cpu &here, u64 common) noexcept
{
	output &to = *here.first();
	event &owner = to.owner();
	const sample_layout &layout = to.layout();
	const u64 bytes = layout.bytes();
	perf_buffer *into = owner.takes_fast_path() ? owner.ring() : nullptr;
	recursion_context &context = here.task_context();

	if (!into || !context.try_enter(reinterpret_cast<u64>(into))) [[unlikely]]
		return begin_fixed(here, common, nesting::task);
	context_ = &context;
	to.count_occurrence();
	owner.count_record();

	contiguous_record where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return begin_reserved(to, common);

	char *payload = layout.fill<sample_layout::kind::others>(where.address, bytes, when_);

	__builtin_memcpy(payload, &common, sizeof(common));
	return payload;
}

[[gnu::always_inline]] inline void *emission::next() noexcept
{
	recursion_context &context = *context_;

	switch (reinterpret_cast<perf_buffer *>(context.word())->try_commit()) {
	case perf_buffer::committed::done:
		break;
	case perf_buffer::committed::unpublished:
		/* Callchains begin where we return to. */
		return next_unpublished(reinterpret_cast<u64>(__builtin_return_address(0)));
	case perf_buffer::committed::overtaken:
		return next_overtaken();
	}
	context.exit();
	return over();
}

[[gnu::cold, gnu::noinline]] void *emission::next_overtaken() noexcept
{
	reinterpret_cast<perf_buffer *>(context_->word())
		->commit_slow(perf_buffer::committed::overtaken);
	context_->exit();
	return over();
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::event_cpu;
using perfbuf::sample_layout;

void *perfbuf_emit_raw(struct perfbuf_emission *raw, struct pb_event_cpu *here, __u64 ids,
		       __u32 word) noexcept
{
	return emission::of(raw).begin_alone<sample_layout::kind::raw>(
		*reinterpret_cast<event_cpu *>(here), ids, word, 0);
}

void *perfbuf_emit_raw_time_tid_cpu(struct perfbuf_emission *raw, struct pb_event_cpu *here,
				    __u64 ids, __u32 word, __u64 time) noexcept
{
	return emission::of(raw).begin_alone<sample_layout::kind::raw_time_tid_cpu>(
		*reinterpret_cast<event_cpu *>(here), ids, word, time);
}

void *perfbuf_emit_others(struct perfbuf_emission *raw, struct pb_event_cpu *here,
			  __u64 common) noexcept
{
	return emission::of(raw).begin_alone_others(*reinterpret_cast<event_cpu *>(here), common);
}

void *perfbuf_fixed_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next();
}

void *perfbuf_emit_next(struct perfbuf_emission *raw) noexcept
{
	return perfbuf_fixed_next(raw);
}
