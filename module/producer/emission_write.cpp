// SPDX-License-Identifier: GPL-2.0
/* How an emission writes its payload from the spare to one reader; emission_built.cpp has the loop
 * over the readers, and the most frequent case. */
#include "producer/emission.hpp"

namespace perfbuf
{

void emission::put_payload(reservation &into) const noexcept
{
	into.copy(spare_, fixed_bytes_);
	for (u32 i = 0; i < part_count_; i++) {
		if (parts_[i].bytes)
			into.copy(parts_[i].from, parts_[i].bytes);
	}
	into.zero(padding());
}

void emission::write(output &to) noexcept
{
	const sample_layout &layout = to.layout();
	const u32 bytes = static_cast<u32>(layout.bytes_of(bytes_));

	if (!to.takes_filtered_path()) [[unlikely]]
		return write_slow(to);
	if (!to.matches(spare_, parts_))
		return;

	perf_buffer *into = to.ring();

	if (!into) [[unlikely]]
		return write_without_ring(to, bytes);
	to.count_sample();

	contiguous_record where;

	if (!into->try_reserve(bytes, where)) [[unlikely]]
		return write_by_reservation(to, *into, bytes);

	char *payload = layout.fill_sized(where.address, bytes, when_);

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

[[gnu::cold]] void emission::write_by_reservation(output &to, perf_buffer &into, u32 bytes) noexcept
{
	const int why = to.owner().reserve_after_try(into, record_, bytes);

	if (why) {
		to.owner().count_refused(into, why);
		return;
	}
	commit_reservation(to, bytes);
}

/* The event has no ring (or lost it just now): begin_at() counts the loss. */
[[gnu::noinline]] void emission::write_without_ring(output &to, u32 bytes) noexcept
{
	const moment when = {.time = when_.time,
			     .pid = static_cast<u32>(when_.ids),
			     .tid = static_cast<u32>(when_.ids >> 32),
			     .cpu = pb_this_cpu()};

	to.count_occurrence();
	if (to.owner().begin_at(record_, bytes, when))
		commit_reservation(to, bytes);
}

void emission::commit_reservation(output &to, u32 bytes) noexcept
{
	to.layout().put(record(), bytes, when_);
	put_payload(record());
	to.count_towards_wakeup(record().ring());
	record().commit();
	record().~reservation();
}

[[gnu::noinline]] void emission::write_slow(output &to) noexcept
{
	if (!to.may_write())
		return;
	if (!to.hidden()) [[likely]]
		return write_by_writer(to);

	const hidden_pointers hidden(spare_, *to.hidden(), here_->level_of(*context_));

	write_by_writer(to);
}

[[gnu::noinline]] void emission::write_by_writer(output &to) noexcept
{
	if (!to.matches(spare_, parts_) || !open_record(to))
		return;
	if (to.writer()->has_raw()) [[likely]]
		put_payload(record());
	close_record();
}

/* ---------------------------------------------------------------- by the sample_writer */

/* False: the occurrence is no sample, or the ring refused it. */
bool emission::open_record(output &to) noexcept
{
	if (!to.count_and_check_period())
		return false;

	at_ = &to;
	is_open_ = false;
	/* The last sample that PERF_EVENT_IOC_REFRESH allows is written; may_write() refuses the
	 * next. */
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
	__attribute__((uninitialized)) const sample sample = {
		.regs = regs,
		.ip = mine.when_.ip,
		.user = false,
		.address = 0,
		.period = to.owner().period(),
		.raw_bytes = mine.bytes_,
		.from_here = true,
	};
	cxxrt::result<reservation> begun = to.writer()->begin(sample, mine.behind_);

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
