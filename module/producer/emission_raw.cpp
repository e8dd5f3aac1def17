// SPDX-License-Identifier: GPL-2.0
/* Raw events: bytes that the caller copies into the record of each reader. */
#include "producer/emission.hpp"

#include "glue/producer.h"

namespace perfbuf
{

/* Opens a record of the first output from @from on that takes one. Returns where its payload goes;
 * nullptr: there is no such output, and the emission has ended. */
void *emission::advance_raw(output *from) noexcept
{
	for (output *output = from; output; output = output->next()) {
		void *payload = output->may_write() ? open_raw(*output) : nullptr;

		if (payload)
			return payload;
	}
	context_->exit();
	return over();
}

/* Opens a record of @to. The data is not known yet, so the filter sees the common fields only. */
void *emission::open_raw(output &to) noexcept
{
	const raw_fixed fixed = {
		.common = common_,
		.data = fixed_bytes_ | (bytes_ - fixed_bytes_) << 16,
	};
	const perfbuf_part nothing = {};

	if (!to.matches(&fixed, &nothing) || !open_record(to))
		return nullptr;
	left_ = 0;

	void *payload = nullptr;

	if (to.writer()->has_raw()) {
		record().copy(&fixed, fixed_bytes_);
		left_ = bytes_ - fixed_bytes_;
		if (spare_) {
			payload = record().next_contiguous(left_);
			in_place_ = payload;
		}
	}
	/* Without a spare the caller copies by perfbuf_copy(), so any pointer but nullptr will do.
	 */
	return payload ? payload : spare_ ? spare_ : this;
}

void emission::finish_raw() noexcept
{
	if (!is_open_)
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

void *emission::begin_raw(event_cpu &here, u64 common, nesting level, u32 bytes,
			  void *spare) noexcept
{
	constexpr u32 fixed = offsetof(raw_fixed, data) + sizeof(u32);

	if (!enter(here, level)) [[unlikely]]
		return over();
	common_ = common;
	spare_ = spare;
	fixed_bytes_ = fixed;
	bytes_ = static_cast<u32>(cxxrt::min<u64>(u64{fixed} + bytes, payload_max));
	return advance_raw(here.first());
}

void *emission::next_raw() noexcept
{
	finish_raw();
	return advance_raw(at_->next());
}

void emission::copy(const void *from, u32 bytes) noexcept
{
	if (!is_open_)
		return;

	const u32 now = cxxrt::min(bytes, left_);

	record().copy(from, now);
	left_ -= now;
}

void emission::discard() noexcept
{
	if (!is_open_)
		return;
	/* A sample without RAW cannot be discarded, and holds nothing of the payload. */
	if (!at_->writer()->has_raw())
		return close_record();
	is_open_ = false;
	at_->owner().discard(std::move(record()), behind_.record_bytes);
	record().~reservation();
	at_->owner().sample_over();
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::event_cpu;
using perfbuf::nesting;

void *perfbuf_raw_begin(struct perfbuf_emission *raw, struct pb_event_cpu *here, __u64 common,
			__u32 level, __u32 bytes, void *spare) noexcept
{
	return emission::of(raw).begin_raw(*reinterpret_cast<event_cpu *>(here), common,
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
