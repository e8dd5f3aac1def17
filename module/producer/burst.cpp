// SPDX-License-Identifier: GPL-2.0
/* Writes several records of an event under one reservation for each reader. Interrupts off. */
#include "producer/burst.hpp"

#include "glue/producer.h"

namespace perfbuf
{

constexpr void burst::check() noexcept
{
	static_assert(offsetof(burst, index_) == offsetof(perfbuf_burst, index));
	static_assert(offsetof(burst, last_) == offsetof(perfbuf_burst, last));
	static_assert(offsetof(burst, stride_) == offsetof(perfbuf_burst, stride));
	static_assert(offsetof(burst, emission_) == offsetof(perfbuf_burst, emission));
	static_assert(PERFBUF_BURST_MAX == 64, "a bit of a u64 for each record");
}

void *burst::over() noexcept
{
	emission_.context_->exit();
	return emission_.over();
}

void *burst::begin(event_cpu &here, u64 common, nesting level, u32 records) noexcept
{
	emission_.set_fixed(here);
	if (!emission_.enter(here, level, records)) [[unlikely]]
		return emission_.over();
	if (!records) [[unlikely]]
		return over();
	if (records > PERFBUF_BURST_MAX) [[unlikely]] {
		emission_.count_loss(loss_cause::too_big, records);
		return over();
	}
	records_ = static_cast<u8>(records);
	hidden_done_ = false;
	__builtin_memcpy(emission_.spare_, &common, sizeof(common));
	return open_next(here.first());
}

/* Begins the burst of the first reader from @from on that takes it. Returns as begin(). */
void *burst::open_next(output *from) noexcept
{
	for (output *to = from; to; to = to->next()) {
		emission_.at_ = to;
		if (!to->takes_filtered_path()) {
			if (to->owner().active() && !(to->hidden() && hidden_done_))
				return start(step::singly, all());
			continue;
		}
		if (!to->takes_fast_path())
			return start(step::matching, all());

		void *payload = open(*to);

		if (payload)
			return payload;
	}
	return over();
}

/* nullptr: the reader loses the burst. */
void *burst::open(output &to) noexcept
{
	const u32 bytes = records_ * to.layout().bytes();
	perf_buffer *into = to.ring();
	contiguous_record where;

	if (!into) [[unlikely]] {
		matches_ = all();
		return open_matching(to);
	}
	to.count_samples(records_);
	if (!(into->backward() ? into->try_reserve<true>(bytes, where)
			       : into->try_reserve<false>(bytes, where))) [[unlikely]]
		return open_by_reservation(to, *into);
	into->count_burst(records_, 0);
	return open_in_place(to, *into, where);
}

template <sample_layout::kind of>
[[gnu::always_inline]] inline void burst::fill(const sample_layout &layout, char *at,
					       u32 bytes) noexcept
{
	u64 common;

	__builtin_memcpy(&common, emission_.spare_, sizeof(common));
	for (u32 i = 0; i < records_; i++, at += bytes) {
		char *payload = layout.fill<of>(at, bytes, emission_.when_);

		__builtin_memcpy(payload, &common, sizeof(common));
	}
}

void *burst::open_in_place(output &to, perf_buffer &into, contiguous_record where) noexcept
{
	const sample_layout &layout = to.layout();
	const u32 bytes = layout.bytes();
	const u32 behind = (records_ - 1u) * bytes;

	switch (layout.fields()) {
	case sample_layout::kind::raw:
		fill<sample_layout::kind::raw>(layout, where.address, bytes);
		break;
	case sample_layout::kind::raw_time_tid_cpu:
		fill<sample_layout::kind::raw_time_tid_cpu>(layout, where.address, bytes);
		break;
	default:
		fill<sample_layout::kind::others>(layout, where.address, bytes);
	}
	step_ = step::in_place;
	into_ = &into;
	index_ = 0;
	last_ = records_ - 1u;

	char *payload = where.address + layout.payload_at();

	/* The newest record of a backward ring comes first there. */
	stride_ = into.backward() ? -s64{bytes} : s64{bytes};
	return into.backward() ? payload + behind : payload;
}

/* The burst is not contiguous, or not within the limit. */
void *burst::open_by_reservation(output &to, perf_buffer &into) noexcept
{
	const int why = to.owner().reserve_after_try(into, emission_.record_,
						     records_ * to.layout().bytes());

	into.count_burst(records_, why);
	if (why) {
		to.owner().count_refused(into, why, records_);
		return nullptr;
	}
	matches_ = all();
	return start(step::writing, matches_, into.backward());
}

/* Reserves the records of matches_. nullptr: the ring refused them, and counted losses. */
void *burst::open_matching(output &to) noexcept
{
	const sample_layout::moment &now = emission_.when_;
	const moment when = {.time = now.time,
			     .pid = static_cast<u32>(now.ids),
			     .tid = static_cast<u32>(now.ids >> 32),
			     .cpu = pb_this_cpu()};
	const u32 records = cxxrt::count_bits(matches_);

	if (!records)
		return nullptr;
	to.count_occurrences(records);
	if (!to.owner().begin_at(emission_.record_, records * to.layout().bytes(), when, records))
		return nullptr;
	return start(step::writing, matches_, emission_.record().ring().backward());
}

void *burst::start(step next, u64 which, bool newest_first) noexcept
{
	if (next == step::matching)
		matches_ = 0;
	step_ = next;
	left_ = which;
	newest_first_ = newest_first;
	return next_record();
}

void *burst::next_record() noexcept
{
	const int index = newest_first_ ? 63 - std::countl_zero(left_) : std::countr_zero(left_);

	left_ &= ~(u64{1} << index);
	index_ = static_cast<u32>(index);
	/* The caller calls next() after record last_: after each record here. */
	last_ = index_;
	return emission_.spare_;
}

/* Writes the record in the spare to reader @to; or, if @to may not see pointers, to all such
 * readers, so that its pointers are hashed once. */
void burst::write_singly(output &to) noexcept
{
	emission_.write(to);
	if (!to.hidden())
		return;
	hidden_done_ = true;
	for (output *other = to.next(); other; other = other->next()) {
		if (other->hidden())
			emission_.write(*other);
	}
	/* Which an emission changes. */
	emission_.at_ = &to;
}

void *burst::next() noexcept
{
	output &to = *emission_.at_;

	switch (step_) {
	case step::in_place:
		to.count_towards_wakeup(*into_, records_);
		into_->commit_contiguous();
		return open_next(to.next());
	case step::writing:
		to.layout().put(emission_.record(), to.layout().bytes(), emission_.when_);
		emission_.put_payload(emission_.record());
		if (left_)
			return next_record();
		commit();
		return open_next(to.next());
	case step::matching:
		if (to.matches(emission_.spare_, nullptr))
			matches_ |= u64{1} << index_;
		if (left_)
			return next_record();
		if (void *payload = open_matching(to))
			return payload;
		return open_next(to.next());
	case step::singly:
		write_singly(to);
		return left_ ? next_record() : open_next(to.next());
	}
	return over();
}

void burst::commit() noexcept
{
	reservation &record = emission_.record();

	emission_.at_->count_towards_wakeup(record.ring(), cxxrt::count_bits(matches_));
	record.commit();
	record.~reservation();
}

} // namespace perfbuf

using perfbuf::burst;
using perfbuf::event_cpu;
using perfbuf::nesting;

void *perfbuf_burst_open(struct perfbuf_burst *raw, struct pb_event_cpu *here, __u64 common,
			 __u32 level, __u32 records) noexcept
{
	return burst::of(raw).begin(*reinterpret_cast<event_cpu *>(here), common,
				    static_cast<nesting>(level), records);
}

void *perfbuf_burst_turn(struct perfbuf_burst *raw) noexcept
{
	return burst::of(raw).next();
}
