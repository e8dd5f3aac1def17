// SPDX-License-Identifier: GPL-2.0
/*
 * An event's operations for its file, in process context. The writers' half is in event_write.cpp.
 */
#include "device/event.hpp"

#include "device/attr.hpp"
#include "device/tsc_clock.hpp"
#include "glue/glue.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::lock_guard;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constinit cxxrt::lock_class event_lock_class{"perfbuf file event", {}};
constinit cxxrt::shared<u64> last_id;

constexpr u64 ns_per_second = 1000000000;

/* Bits of perf_event_mmap_page.capabilities. */
constexpr u64 cap_bit0_is_deprecated = 1 << 1;
constexpr u64 cap_user_time = 1 << 3;
constexpr u64 cap_user_time_zero = 1 << 4;
constexpr u64 cap_user_time_short = 1 << 5;

u32 sample_id_bytes(const perf_event_attr &attr) noexcept
{
	if (!attr.sample_id_all)
		return 0;
	return sizeof(u64) * cxxrt::count_bits(attr.sample_type & sample_id_fields);
}

/* The period of a new event. A frequency of a clock is converted to its period here, so
 * PERF_EVENT_IOC_PERIOD sets ns afterwards, as with perf. */
u64 first_period(const perf_event_attr &attr) noexcept
{
	return attr.freq && attr.sample_freq ? ns_per_second / attr.sample_freq
					     : attr.sample_period;
}

} // namespace

event::event(const perf_event_attr &attr, s32 cpu, pb_task *target, wake_target &file) noexcept
	: attr_(attr), id_(last_id.fetch_add(1) + 1), cpu_(cpu), target_(target),
	  pid_namespace_(pb_pid_namespace_get()), trailer_bytes_(sample_id_bytes(attr)),
	  file_(file), irq_work_(*this, run_irq_work), mutex_(event_lock_class)
{
	write_period(first_period(attr));
	exec_armed_.write_once(attr.enable_on_exec);
	trap_data_.write_once(attr.sig_data);
	aux_paused_.write_once(aux_action(attr) & PERFBUF_AUX_START_PAUSED);
}

event::~event()
{
	/* The stream goes first: it raises irq_work_. */
	stream_.reset();
	irq_work_.sync();
	pb_task_put(target_);
	pb_cgroup_put(cgroup_);
	pb_pid_namespace_put(pid_namespace_);
	if (event_group *mine = group())
		mine->put();
}

void event::set_stream(unique_ptr<stream> made) noexcept
{
	lock_guard held(mutex_);

	stream_ = std::move(made);
}

result<void> event::enable() noexcept
{
	if (event_group *mine = group())
		return mine->enable(*this);
	TRY(enable_alone());
	/* Its first sibling may have been opened meanwhile. The change of the state is a full
	 * barrier. */
	if (event_group *mine = group()) [[unlikely]]
		return mine->enable(*this);
	return {};
}

void event::disable() noexcept
{
	if (event_group *mine = group())
		return mine->disable(*this);
	disable_alone();
	if (event_group *mine = group()) [[unlikely]]
		mine->disable(*this);
}

result<void> event::enable_alone() noexcept
{
	TRY(stream_->get_ready());

	lock_guard held(mutex_);

	if (mode_.try_change(event_state::off, event_state::active))
		stream_->start();
	return {};
}

void event::disable_alone() noexcept
{
	lock_guard held(mutex_);

	mode_.try_change(event_state::active, event_state::off);
	stream_->stop();
	/* An exec may have turned the event on meanwhile. The stop() above has stopped what it
	 * started. */
	if (active())
		stream_->start();
}

result<void> event::modify(const perf_event_attr &to) noexcept
{
	lock_guard held(mutex_);

	TRY(stream_->modify(to));
	trap_data_.write_once(to.sig_data);
	return {};
}

result<void> event::follow(const pb_task *task) noexcept
{
	lock_guard held(mutex_);

	return stream_->follow(task);
}

void event::shut_down() noexcept
{
	if (event_group *mine = group())
		mine->leave(*this);

	lock_guard held(mutex_);

	mode_.set(event_state::closed);
	if (stream_) {
		stream_->stop();
		stream_->close();
	}
}

void event::source_gone() noexcept
{
	{
		lock_guard held(mutex_);

		/* shut_down() stops the stream of a closed event. */
		if (state() == event_state::closed)
			return;
		mode_.set(event_state::error);
		/* An event without a stream is still being opened, and will never be active. */
		if (stream_)
			stream_->stop();
	}
	irq_work_.raise();
}

result<void> event::refresh(u32 samples) noexcept
{
	if (attr_.inherit || !attr_.sample_period)
		return error(EINVAL);
	mode_.close(event_mode::limited);
	/* A negative number reduces the limit; the sum wraps as perf's int does. */
	limit_.fetch_add(samples);
	return enable();
}

void event::reset() noexcept
{
	lock_guard held(mutex_);

	count_base_.set(stream_->count());
}

void event::write_period(u64 value) noexcept
{
	period_.write_once(value);
	if (value == 1)
		mode_.open(event_mode::period);
	else
		mode_.close(event_mode::period);
}

result<void> event::set_period(u64 value) noexcept
{
	if (!attr_.sample_period || !value)
		return error(EINVAL);
	if (value >> 63)
		return error(EINVAL);

	lock_guard held(mutex_);
	const u64 before = period();

	write_period(value);

	const result<void> taken = stream_->period_changed();

	if (!taken)
		write_period(before);
	return taken;
}

count_and_time event::counts() noexcept
{
	lock_guard held(mutex_);

	return {stream_->count() - count_base_.read(), stream_->running_ns()};
}

/* Stores the words that follow a count. Returns their number. */
u32 event::put_id_and_lost(u64 *words, u64 format) const noexcept
{
	u32 n = 0;

	if (format & PERF_FORMAT_ID)
		words[n++] = id_;
	if (format & PERF_FORMAT_LOST)
		words[n++] = losses_.total() - losses_.read(loss_cause::no_ring);
	return n;
}

u32 event::put_counts(u64 *words, u64 format) noexcept
{
	words[0] = counts().count;
	return 1 + put_id_and_lost(words + 1, format);
}

u32 event::put_causes(u64 *words) const noexcept
{
	u32 n = 0;

	words[n++] = loss_causes;
	for (u32 i = 0; i < loss_causes; i++)
		words[n++] = losses_.read(static_cast<loss_cause>(i));
	return n;
}

/* perf_event_open(2): with PERF_FORMAT_GROUP the times stand before the values, else behind them.
 */
u32 event::put_values(u64 *words, const count_and_time &now) const noexcept
{
	const u64 format = attr_.read_format;
	u32 n = 0;

	words[n++] = format & PERF_FORMAT_GROUP ? 1 : now.count;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		words[n++] = now.running;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		words[n++] = now.running;
	if (format & PERF_FORMAT_GROUP)
		words[n++] = now.count;
	return n + put_id_and_lost(words + n, format);
}

u32 event::read_values(u64 *words) noexcept
{
	return put_values(words, counts());
}

/* ---------------------------------------------------------------- PERF_SAMPLE_READ */

count_and_time event::sampled_counts() const noexcept
{
	count_and_time now = stream_->sampled_count();

	now.count -= count_base_.read();
	return now;
}

u32 event::put_sampled_counts(u64 *words, u64 format) const noexcept
{
	words[0] = sampled_counts().count;
	return 1 + put_id_and_lost(words + 1, format);
}

u32 event::sampled_values(u64 *words) const noexcept
{
	const count_and_time now = sampled_counts();
	const event_group *mine = attr_.read_format & PERF_FORMAT_GROUP ? group() : nullptr;
	const u32 count = mine ? mine->sampled_values(*this, now.running, words) : 0;

	return count ? count : put_values(words, now);
}

void event::flush_lost() noexcept
{
	lock_guard held(mutex_);

	pb_preempt_disable();
	perf_buffer *into = ring();
	const bool worth_it =
		(into && into->can_flush_lost(trailer_bytes_)) || stream_->has_missed();
	pb_preempt_enable();

	if (worth_it)
		stream_->run_as_writer(flush_as_writer, this);
}

void event::update_user_page(perf_buffer &on) noexcept
{
	/* The caller may hold mmap_lock, so this function does not take mutex_. */
	const u64 count = stream_->recent_count() - count_base_.read();
	const u64 running = stream_->recent_running_ns();
	const u64 now = pb_clock_ns(-1);
	auto mapping = on.mapping().lock();
	perf_event_mmap_page *page = on.user_page();
	/* Read under the lock, so that the later of two callers stores the later parameters. */
	pb_tsc_parameters clock;
	const bool has_clock = tsc_clock_published(clock);
	/* If attr names another clock, the counter does not give the times of the records. */
	const bool has_zero = has_clock && !attr_.use_clockid;
	const bool has_short = has_clock && clock.mask;

	/*
	 * A sequence count: odd while the rest changes. perf_event_open(2) has the reader's half.
	 */
	cxxrt::write_once(page->lock, ++mapping->page_sequence);
	cxxrt::smp_wmb();
	page->index = 0;
	page->offset = static_cast<s64>(count);
	page->time_enabled = running;
	page->time_running = running;
	/* The reader can write to the page: a store to a bit-field would read the other bits from
	 * there. */
	page->capabilities = cap_bit0_is_deprecated | (has_clock ? cap_user_time : 0) |
			     (has_zero ? cap_user_time_zero : 0) |
			     (has_short ? cap_user_time_short : 0);
	page->time_mult = clock.mult;
	page->time_shift = static_cast<u16>(clock.shift);
	page->time_zero = has_zero ? clock.zero : 0;
	page->time_cycles = clock.cycles;
	page->time_mask = clock.mask;
	page->time_offset = has_clock ? clock.zero - now : 0;
	cxxrt::smp_wmb();
	cxxrt::write_once(page->lock, ++mapping->page_sequence);
}

} // namespace perfbuf
