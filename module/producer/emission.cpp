// SPDX-License-Identifier: GPL-2.0
#include "producer/emission.hpp"

#include "device/sample_write.hpp"
#include "glue/producer.h"

namespace perfbuf
{

using cxxrt::result;

namespace
{

/* More than any record holds, so that what is refused for its size is refused by the ring. */
constexpr u64 payload_max = 1u << 20;

} // namespace

/* False: re-entered in the same context, or in one that the source has not declared, which every
 * listener counts as a loss. */
inline bool emission::enter(listeners &here, nesting level, u64 bytes) noexcept
{
	recursion_context &context = here.busy.at(level);

	context_ = &context;
	if (!context.try_enter()) [[unlikely]] {
		count_not_entered(here);
		return false;
	}
	static_assert(offsetof(emission, irq_flags_) == offsetof(perfbuf_emission, irq_flags));
	static_assert(offsetof(emission, caller_) == offsetof(perfbuf_emission, caller));
	static_assert(offsetof(emission, when_.time) == offsetof(perfbuf_emission, time));
	static_assert(offsetof(emission, when_.ids) == offsetof(perfbuf_emission, ids));
	bytes_ = static_cast<u32>(cxxrt::min(bytes, payload_max));
	return true;
}

void emission::count_not_entered(listeners &here) noexcept
{
	const loss_cause why = context_->is_closed() ? loss_cause::context : loss_cause::recursion;

	for (output *one = here.list.first(); one; one = rcu_list<output>::next(*one)) {
		if (one->writer() && one->may_write())
			one->owner().count_loss(why);
	}
}

/* The C entry's half of the end. */
void *emission::over() noexcept
{
	return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
}

template <typename Open>
inline void *emission::advance(output *from, Open &&open) noexcept
{
	for (output *one = from; one; one = rcu_list<output>::next(*one)) {
		at_ = one;

		void *payload = one->may_write() ? open(*one) : nullptr;

		if (payload)
			return payload;
	}
	context_->leave();
	return over();
}

/* A record for @to, up to its raw data. False: it is not wanted, or there is no room. */
inline bool emission::open_record(output &to) noexcept
{
	if (!to.happened())
		return false;

	/* The last that REFRESH allows is written, too; may_write() refuses the next. */
	(void)to.owner().count_overflow();
	if (to.writer()->wants_regs()) [[unlikely]] {
		stage_ = stage::over;
		pb_with_here_regs(open_with_regs, this);
	} else {
		open_with_regs(this, nullptr);
	}
	if (stage_ == stage::opened) [[likely]]
		return true;
	to.owner().sample_over();
	return false;
}

inline void emission::open_with_regs(void *self, const pb_regs *regs) noexcept
{
	emission &mine = *static_cast<emission *>(self);
	output &to = *mine.at_;
	__attribute__((uninitialized)) const sample what = {
		.regs = regs,
		.ip = mine.caller_,
		.user = false,
		.address = 0,
		.period = to.owner().period(),
		.raw_bytes = mine.bytes_,
		.from_here = true,
	};
	result<reservation> begun = to.writer()->begin(what, mine.behind_);

	mine.stage_ = stage::over;
	if (!begun) [[unlikely]]
		return;
	::new (mine.record_) reservation(begun.take());
	mine.stage_ = stage::opened;
}

inline void emission::close_record() noexcept
{
	at_->writer()->finish(std::move(record()), behind_);
	record().~reservation();
	at_->owner().sample_over();
}

/* ---------------------------------------------------------------- typed events */

/* Where nobody filters and nothing varies in size but the payload: all of it in place. */
[[gnu::flatten]] inline void *emission::open_plain(output &to) noexcept
{
	if (!to.happened())
		return nullptr;
	(void)to.owner().count_overflow();

	__attribute__((uninitialized)) const sample what = {
		.regs = nullptr,
		.ip = caller_,
		.user = false,
		.address = 0,
		.period = to.owner().period(),
		.raw_bytes = bytes_,
		.from_here = true,
	};
	void *payload = to.writer()->begin_in_place(what, fixed_bytes_, record_);

	if (!payload) [[unlikely]] {
		to.owner().sample_over();
		return nullptr;
	}
	stage_ = stage::plain;
	in_place_ = payload != record_;
	padded_ = in_place_ && bytes_ == fixed_bytes_;
	if (!in_place_) [[unlikely]]
		payload = spare_;
	__builtin_memcpy(payload, &common_, sizeof(common_));
	return payload;
}

[[gnu::flatten]] inline void emission::finish_plain() noexcept
{
	if (!in_place_ || part_count_)
		copy_rest();
	at_->writer()->finish_in_place(record());
	at_->owner().sample_over();
}

/* What the caller has not stored into the ring, and the padding. */
void emission::copy_rest() noexcept
{
	if (!in_place_) [[unlikely]]
		record().copy(spare_, fixed_bytes_);
	for (u32 i = 0; i < part_count_; i++)
		record().copy(parts_[i].from, parts_[i].bytes);
	if (!padded_)
		record().zero(padding());
}

void *emission::open_varying(output &to) noexcept
{
	void *payload = nullptr;

	if (wanted_) [[unlikely]] {
		stage_ = stage::held;
	} else {
		if (!open_record(to))
			return nullptr;
		if (to.writer()->has_raw()) [[likely]]
			payload = record().claim(fixed_bytes_);
	}
	in_place_ = payload;
	padded_ = false;
	if (!in_place_) [[unlikely]]
		payload = spare_;
	__builtin_memcpy(payload, &common_, sizeof(common_));
	return payload;
}

inline void *emission::open_typed(output &to) noexcept
{
	if (is_fixed_) [[likely]] {
		if (perf_buffer *into = to.short_way()) [[likely]]
			return open_short(to, *into);
	}
	wanted_ = to.wanted();
	return !wanted_ && to.writer() && to.writer()->is_plain() ? open_plain(to)
								  : open_varying(to);
}

void emission::finish_varying() noexcept
{
	if (stage_ == stage::held) [[unlikely]] {
		if (!wanted_->matches(spare_, parts_) || !open_record(*at_))
			return;
	}
	if (at_->writer()->has_raw()) [[likely]]
		copy_rest();
	close_record();
}

inline void emission::finish_typed() noexcept
{
	if (stage_ == stage::brief) [[likely]]
		into_->commit_contiguous();
	else if (stage_ == stage::plain)
		finish_plain();
	else
		finish_varying();
}

void *emission::begin(listeners &here, u64 common, nesting level, u32 fixed_bytes, void *spare,
		      const perfbuf_part *parts, u32 part_count) noexcept
{
	u64 bytes = fixed_bytes;

	for (u32 i = 0; i < part_count; i++)
		bytes += parts[i].bytes;
	if (!enter(here, level, bytes)) [[unlikely]]
		return over();
	common_ = common;
	spare_ = spare;
	parts_ = parts;
	part_count_ = part_count;
	fixed_bytes_ = fixed_bytes;
	is_fixed_ = false;
	return walk(here.list.first());
}

void *emission::next() noexcept
{
	finish_typed();
	return walk(rcu_list<output>::next(*at_));
}

void *emission::walk(output *from) noexcept
{
	return advance(from, [this](output &to) { return open_typed(to); });
}

/* ---------------------------------------------------------------- raw events */

/* Nothing of the data is known yet: a filter sees the common fields only. */
void *emission::open_raw(output &to) noexcept
{
	const raw_fixed fixed = {
		.common = common_,
		.data = fixed_bytes_ | (bytes_ - fixed_bytes_) << 16,
	};
	const perfbuf_part nothing = {};

	wanted_ = to.wanted();
	if (wanted_ && !wanted_->matches(&fixed, &nothing))
		return nullptr;
	if (!open_record(to))
		return nullptr;
	left_ = 0;
	in_place_ = false;

	void *payload = nullptr;

	if (to.writer()->has_raw()) {
		record().copy(&fixed, fixed_bytes_);
		left_ = bytes_ - fixed_bytes_;
		if (spare_) {
			payload = record().claim(left_);
			in_place_ = payload;
		}
	}
	/* Without a spare the caller is not interested in where. */
	return payload ? payload : spare_ ? spare_ : this;
}

void emission::finish_raw() noexcept
{
	if (stage_ != stage::opened)
		return;
	if (at_->writer()->has_raw()) {
		if (spare_ && !in_place_)
			record().copy(spare_, left_);
		else if (!spare_)
			record().zero(left_);
		record().zero(padding());
	}
	close_record();
}

void *emission::begin_raw(listeners &here, u64 common, nesting level, u32 bytes,
			  void *spare) noexcept
{
	constexpr u32 fixed = offsetof(raw_fixed, data) + sizeof(u32);

	if (!enter(here, level, u64{fixed} + bytes)) [[unlikely]]
		return over();
	common_ = common;
	spare_ = spare;
	fixed_bytes_ = fixed;
	return advance(here.list.first(), [this](output &to) { return open_raw(to); });
}

void *emission::next_raw() noexcept
{
	finish_raw();
	return advance(rcu_list<output>::next(*at_), [this](output &to) { return open_raw(to); });
}

void emission::copy(const void *from, u32 bytes) noexcept
{
	if (stage_ != stage::opened)
		return;

	const u32 now = cxxrt::min(bytes, left_);

	record().copy(from, now);
	left_ -= now;
}

void emission::discard() noexcept
{
	if (std::exchange(stage_, stage::over) != stage::opened)
		return;
	/* Too short to become anything else; and there is no data in it. */
	if (!at_->writer()->has_raw())
		return close_record();
	at_->owner().discard(std::move(record()), behind_.record_bytes);
	record().~reservation();
	at_->owner().sample_over();
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::listeners;
using perfbuf::nesting;

void *perfbuf_emission_begin(struct perfbuf_emission *raw, void *here, __u64 common, __u32 level,
			     __u32 fixed_bytes, void *spare, const struct perfbuf_part *parts,
			     __u32 part_count) noexcept
{
	return emission::of(raw).begin(*static_cast<listeners *>(here), common,
				       static_cast<nesting>(level), fixed_bytes, spare, parts,
				       part_count);
}

void *perfbuf_emit_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next();
}

void *perfbuf_raw_begin(struct perfbuf_emission *raw, void *here, __u64 common, __u32 level,
			__u32 bytes, void *spare) noexcept
{
	return emission::of(raw).begin_raw(*static_cast<listeners *>(here), common,
					   static_cast<nesting>(level), bytes, spare);
}

void *perfbuf_reserve_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next_raw();
}

bool perfbuf_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next_raw();
}

void perfbuf_copy(struct perfbuf_emission *raw, const void *from, __u32 bytes) noexcept
{
	emission::of(raw).copy(from, bytes);
}

void perfbuf_discard(struct perfbuf_emission *raw) noexcept
{
	emission::of(raw).discard();
}
