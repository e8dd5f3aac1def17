/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event: what PERFBUF_IOC_OPEN makes of a file. It knows its attr, its state,
 * its counts and the ring that its records go to.
 *
 * States (perf's, seen from outside):
 *
 *   off <--ENABLE/DISABLE, REFRESH, limit--> active --target exits--> exited
 *    any --source goes--> error
 *
 *    any --last close--> closed
 *
 * The last three are final: poll says POLLHUP for exited and POLLERR for error.
 * off -> active and back go by compare-and-exchange, since a tracepoint (exec) or
 * an interrupt (limit) may do it beside an ioctl.
 */
#pragma once

#include "device/event_mode.hpp"
#include "device/source.hpp"
#include "device/task.h"
#include "ring/write.hpp"

#include <perfbuf/aux.h>

#include <cxxrt/lock.hpp>

namespace perfbuf
{

/* When and where a record is written; the part of sample_id that changes from record to record. */
struct moment {
	u64 time; /* ns of the event's clock */
	u32 pid;  /* in the pid namespace of who opened the event */
	u32 tid;
	u32 cpu;
};

/* What of sample_type a sample_id has, a word each. */
inline constexpr u64 sample_id_fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
					PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
					PERF_SAMPLE_IDENTIFIER;
inline constexpr u32 sample_id_max = 6 * sizeof(u64);

/* Bytes of an AUX area that a sample takes. */
struct aux_snapshot {
	aux_area *area; /* nullptr: there are none */
	u64 from;	/* in the stream */
	u32 bytes;
};

class event
{
public:
	/* @target: a counted task or nullptr; the event takes it over. @cpu: -1 with a target only.
	 */
	event(const perf_event_attr &attr, s32 cpu, pb_task *target, wake_target &file) noexcept;
	~event();
	event(const event &) = delete;
	event &operator=(const event &) = delete;

	const perf_event_attr &attr() const noexcept { return attr_; }
	u64 id() const noexcept { return id_; }
	s32 cpu() const noexcept { return cpu_; }
	/* The task that the event was opened on; nullptr for all. Compare it, do not follow it. */
	pb_task *target() const noexcept { return target_; }
	/* The pid namespace that records are written for. */
	const pb_pid_namespace *pid_namespace() const noexcept { return pid_namespace_; }

	/* ------------------------------------------------- writers: any context, preemption off */

	bool active() const noexcept { return state() == event_state::active; }
	/* It is active, each occurrence is a sample, and these have a layout. */
	bool takes_fast_path() const noexcept { return mode_.is_fast(); }
	/* The same, but a filter may drop them. */
	bool takes_filtered_path() const noexcept { return mode_.is_fast_but_filtered(); }

	/* sample_type's part of a moment, for this CPU and the current task. Any context. */
	moment now() const noexcept;

	/* The bytes of sample_id_all's trailer; 0 without. A record's size includes them. */
	u32 trailer_bytes() const noexcept { return trailer_bytes_; }
	void put_trailer(reservation &into, const moment &when) const noexcept;

	/* A record of @bytes in all (header, body, trailer); ENOSPC, E2BIG: counted. */
	cxxrt::result<reservation> begin(u32 bytes, const moment &when) noexcept;
	/*
	 * The period is over: a sample is about to be written, or lost. False: it is the last that
	 * REFRESH allows, and the event is off; so who sees the sample sees that, too.
	 */
	[[nodiscard]] bool count_overflow() noexcept
	{
		if (linked_) [[unlikely]]
			switch_linked(PERFBUF_AUX_PAUSE, true);
		return !limit_.read_once() || take_from_limit();
	}
	/* The record was a sample: it counts towards wakeup_events. */
	void commit_sample(reservation record) noexcept;
	/* The same, inline: device/event_write.hpp. begin_at() makes the reservation at @to, if it
	 * returns true; of more than one of @records it is a burst. */
	moment now_here() const noexcept;
	cxxrt::result<reservation> begin_here(u32 bytes, const moment &when) noexcept;
	bool begin_at(void *to, u32 bytes, const moment &when, u32 records = 1) noexcept;
	void commit_sample_here(reservation record) noexcept;
	/* A record of @bytes that was begun, and is given up. */
	void discard(reservation record, u32 bytes) noexcept;
	/* A record that could not be begun. */
	void count_loss(loss_cause cause, u32 records = 1) noexcept;
	/* For who asks the ring himself. */
	void count_record(u32 records = 1) noexcept { records_.add(records); }
	/* For a caller of perf_buffer::try_reserve() that got false: the ring's reserve_entered().
	 */
	int reserve_entered(perf_buffer &into, void *to, u32 bytes) noexcept;
	/* It was counted, and is refused. */
	void count_refused(const perf_buffer &into, int why, u32 records = 1) noexcept
	{
		records_.add(0 - u64{records});
		note(into, why, records);
	}

	/* Of AUX: perfbuf/aux.h says it all. */
	void *aux_begin(perfbuf_aux_handle &handle) noexcept;
	void aux_end(perfbuf_aux_handle &handle, u64 size) noexcept;
	/* The position that they got. */
	cxxrt::result<u64> aux_write(const void *from, u64 bytes) noexcept;
	void aux_itrace_start() noexcept;
	/* The one CPU on which AUX may be written to, if the event is on any: who fills it says
	 * where that is for now. -1: any. */
	static constexpr s32 no_cpu = -2;
	void set_aux_cpu(s32 cpu) noexcept { aux_cpu_.write_once(cpu); }
	s32 aux_cpu() const noexcept { return cpu_ >= 0 ? cpu_ : aux_cpu_.read_once(); }
	/* A pointer of the source's own. */
	void *kept_by_source = nullptr;

	/*
	 * The sample that count_overflow() began is written or lost: what resumes AUX does so here.
	 * Its counterpart pauses.
	 */
	void sample_over() noexcept
	{
		if (linked_) [[unlikely]]
			switch_linked(PERFBUF_AUX_RESUME, false);
	}

	/* The event whose AUX our samples have to do with, or nullptr. */
	event *linked() const noexcept { return linked_; }
	/*
	 * The newest @most bytes of our own AUX, held still from this to release_aux(); none where
	 * nothing is mapped or somebody who is interrupted holds them. Only whole words.
	 */
	aux_snapshot hold_aux(u32 most) noexcept;
	void release_aux(const aux_snapshot &held) noexcept;
	/* Paused by the samples of others: our source writes nothing into AUX. */
	bool aux_paused() const noexcept { return aux_paused_.read_once(); }

	/* The current sampling period (ns for a clock): PERF_SAMPLE_PERIOD. */
	u64 period() const noexcept { return period_.read_once(); }

	/* Turns the event on from a tracepoint (enable_on_exec), once. True if it was off before.
	 */
	[[nodiscard]] bool enable_on_exec() noexcept;
	/* An exec would still do so. */
	bool awaits_exec() const noexcept { return exec_armed_.read_once(); }
	/* The last task of the target has gone. Any context but NMI. */
	void target_exited() noexcept;

	/* ------------------------------------------------------- the file: process, may sleep */

	/* Before the stream is opened: where the members of its user are counted, who may have only
	 * so many. It outlives the stream's close(). */
	void limit_members(cxxrt::shared<u64> &of_user) noexcept { limited_members_ = &of_user; }
	/* nullptr: there is no limit. */
	cxxrt::shared<u64> *limited_members() const noexcept { return limited_members_; }
	/* Before the stream is opened. It outlives the stream. */
	void link_aux(event *linked) noexcept
	{
		linked_ = linked;
		if (linked)
			mode_.close(event_mode::linked);
	}
	/* Samples take the slow path from now on. */
	void close_fast_path(event_mode::reason why) noexcept { mode_.close(why); }
	void set_stream(cxxrt::unique_ptr<stream> made) noexcept;
	stream &producer() noexcept { return *stream_; }
	/* Off for good: no writer is inside on return; lists forget it. Before the grace period. */
	void shut_down() noexcept;
	/* The source goes: in error for good, no writer is inside on return, and who polls is told.
	 */
	void source_gone() noexcept;

	/* What the stream cannot begin with. */
	cxxrt::result<void> enable() noexcept;
	void disable() noexcept;
	/* EINVAL: not a sampling event. */
	cxxrt::result<void> refresh(u32 samples) noexcept;
	void reset() noexcept;
	cxxrt::result<void> set_period(u64 value) noexcept;
	cxxrt::result<void> pause_output(bool on) noexcept;

	event_state state() const noexcept { return mode_.state(); }
	/* attr.read_format: fills @words (read_words_max at most) and returns their number. */
	static constexpr u32 read_words_max = 7 + loss_causes;
	u32 read_values(u64 *words) noexcept;
	/* How many of them there are. */
	u32 read_words() const noexcept;
	/* Losses that no record has followed are told now, if there is room. */
	void flush_lost() noexcept;
	/* Fills in the count and the times of page 0 of @on, the ring that the caller holds. */
	void update_user_page(perf_buffer &on) noexcept;

	/* The ring's pointer: written under attach_lock(). */
	perf_buffer *ring() const noexcept { return ring_.load_acquire(); }
	void set_ring(perf_buffer *ring) noexcept { ring_.store_release(ring); }

	/* Records written, and those not written by cause. */
	u64 records() const noexcept { return records_.read(); }
	const loss_counts &losses() const noexcept { return losses_; }

	/* The limit of REFRESH was reached since the last look (SIGIO says POLL_HUP). */
	bool take_hangup() noexcept { return hangup_.read_once() && hangup_.exchange(0); }

private:
	class origin;

	bool take_from_limit() noexcept;
	/* A record that came when there was no ring. */
	void count_no_ring(u32 records = 1) noexcept
	{
		losses_.count(loss_cause::no_ring, records);
	}

	/* A record that the ring wrote for us, or could not. */
	void note(const perf_buffer &into, int errno_or_0, u32 records = 1) noexcept;
	/* Closes the fast path, too, where not every event is a sample. */
	void write_period(u64 value) noexcept;
	/* Active no more, and the file is woken. */
	void turn_off() noexcept;
	aux_area *enter_aux() noexcept;
	void pause_aux(bool on) noexcept;
	/* Pauses the linked event's AUX, or resumes it, if attr says @action. */
	void switch_linked(u32 action, bool pause) noexcept;
	static void run_irq_work(event &self) noexcept;
	static void flush_as_writer(void *self) noexcept;

	const perf_event_attr attr_;
	const u64 id_;
	const s32 cpu_;
	pb_task *const target_;
	const pb_pid_namespace *const pid_namespace_;
	u32 trailer_bytes_;

	event_mode mode_;
	cxxrt::shared<perf_buffer *> ring_;
	cxxrt::shared<u64> period_;
	cxxrt::shared<u32> limit_; /* samples until REFRESH turns the event off; 0: no limit */
	cxxrt::shared<u32> hangup_;
	cxxrt::shared<u32> exec_armed_;
	cxxrt::shared<u8> aux_paused_;
	cxxrt::shared<s32> aux_cpu_{-1};
	event *linked_ = nullptr;
	cxxrt::shared<u64> *limited_members_ = nullptr;
	cxxrt::local<u64> records_;
	loss_counts losses_;

	wake_target &file_;
	irq_work<event> irq_work_;
	cxxrt::unique_ptr<stream> stream_;
	cxxrt::mutex mutex_;
	cxxrt::local<u64> count_base_; /* the stream's count at the last RESET */
};

} // namespace perfbuf
