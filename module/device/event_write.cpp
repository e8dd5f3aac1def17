// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of an event that writers call. Any context, preemption off, which is also the
 * RCU read-side section that keeps the ring behind ring_ alive.
 */
#include "device/event_write.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

/* A ring without a data area has nothing to lose. */
loss_cause cause_of(const perf_buffer &ring, error why) noexcept
{
	return ring.size() ? loss_cause_of(why) : loss_cause::no_ring;
}

} // namespace

moment event::now() const noexcept
{
	return now_here();
}

void event::put_trailer(reservation &into, const moment &when) const noexcept
{
	if (!trailer_bytes_)
		return;

	const u64 fields = attr_.sample_type;
	u64 words[sample_id_max / sizeof(u64)];
	u32 n = 0;

	if (fields & PERF_SAMPLE_TID)
		words[n++] = when.pid | u64{when.tid} << 32;
	if (fields & PERF_SAMPLE_TIME)
		words[n++] = when.time;
	if (fields & PERF_SAMPLE_ID)
		words[n++] = id_;
	if (fields & PERF_SAMPLE_STREAM_ID)
		words[n++] = id_;
	if (fields & PERF_SAMPLE_CPU)
		words[n++] = when.cpu;
	if (fields & PERF_SAMPLE_IDENTIFIER)
		words[n++] = id_;
	into.copy(words, n * sizeof(u64));
}

result<reservation> event::begin(u32 bytes, const moment &when) noexcept
{
	return begin_here(bytes, when);
}

int event::reserve_after_try(perf_buffer &into, void *to, u32 bytes) noexcept
{
	const moment when = now();

	return into.reserve_after_try(to, bytes, origin(*this, when));
}

void event::note(const perf_buffer &into, int errno_or_0, u32 records) noexcept
{
	if (errno_or_0)
		losses_.count(cause_of(into, error(errno_or_0)), records);
	else
		records_.add(records);
}

bool event::take_from_limit() noexcept
{
	u32 left;

	do {
		left = limit_.read_once();
		/* A nested writer has taken the last. */
		if (!left)
			return false;
	} while (!limit_.try_cmpxchg(left, left - 1));
	if (left != 1)
		return true;
	mode_.try_change(event_state::active, event_state::off);
	/* A REFRESH that came as the limit was reached found the event still active. */
	if (limit_.read_once() && mode_.try_change(event_state::off, event_state::active))
		return true;
	hangup_.write_once(1);
	irq_work_.raise();
	return false;
}

/* As in perf, whose samples send SIGIO with and without a ring. */
void event::signal_without_ring() noexcept
{
	if (file_.sends_signals())
		irq_work_.raise();
}

void event::commit_sample(reservation record) noexcept
{
	commit_sample_here(std::move(record));
}

void event::discard(reservation record, u32 bytes) noexcept
{
	const moment when = now();

	records_.add(-1);
	record.discard(bytes, origin(*this, when));
}

void event::count_loss(loss_cause cause, u32 records) noexcept
{
	perf_buffer *into = ring();

	losses_.count(cause, records);
	if (into)
		into->count_loss(cause, records);
}

bool event::enable_on_exec() noexcept
{
	return exec_armed_.read_once() && exec_armed_.exchange(0) &&
	       mode_.try_change(event_state::off, event_state::active);
}

void event::target_exited() noexcept
{
	event_state seen;

	/* Another CPU may turn it on and off meanwhile. */
	do {
		seen = state();
		if (seen != event_state::active && seen != event_state::off)
			return;
	} while (!mode_.try_change(seen, event_state::exited));
	irq_work_.raise();
}

void event::flush_as_writer(void *self) noexcept
{
	event *owner = static_cast<event *>(self);
	perf_buffer *into = owner->ring();
	const moment when = owner->now();

	owner->producer().count_missed();
	if (into)
		into->flush_lost(origin(*owner, when));
}

void event::run_irq_work(event &self) noexcept
{
	self.file_.wake();
}

result<void> event::pause_output(bool on) noexcept
{
	pb_preempt_disable();
	perf_buffer *into = ring();
	const bool paused = into && into->size();

	if (paused)
		into->pause(on);
	pb_preempt_enable();
	if (!paused)
		return error(EINVAL);
	return {};
}

} // namespace perfbuf
