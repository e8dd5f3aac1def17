/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event: PERFBUF_IOC_OPEN makes it, one for each file. It has the attribute, the state, the
 * counts, and the pointer to the ring that its records go to.
 *
 * States, which user space knows from perf:
 *
 *   off <--ENABLE/DISABLE, REFRESH, limit--> active --target exits--> exited
 *    any --source goes--> error
 *    any --last close--> closed
 *
 * The last three are final: poll() reports POLLHUP for exited and POLLERR for error. Changes
 * between off and active use compare-and-exchange, because a tracepoint (exec) or an interrupt
 * (limit) may make them while an ioctl runs.
 */
#pragma once

#include "device/event_mode.hpp"
#include "device/group.hpp"
#include "device/source.hpp"
#include "device/task.h"
#include "glue/cgroup.h"
#include "ring/write.hpp"

#include <perfbuf/aux.h>

#include <cxxrt/lock.hpp>

namespace perfbuf
{

/* The time and the task of a record: the fields of sample_id that differ between records. */
struct moment {
	u64 time; /* ns of the event's clock */
	u32 pid;  /* in the pid namespace of the task that opened the event */
	u32 tid;
	u32 cpu;
};

/* The bits of sample_type whose fields are in a sample_id, one word each. */
inline constexpr u64 sample_id_fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
					PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
					PERF_SAMPLE_IDENTIFIER;
inline constexpr u32 sample_id_max = 6 * sizeof(u64);

/* The bytes of an AUX area that a sample copies. */
struct aux_snapshot {
	aux_area *area; /* nullptr: no bytes */
	u64 from;	/* position in the AUX stream */
	u32 bytes;
};

class event
{
public:
	/* @target: a task with a reference, which the event takes over, or nullptr. @cpu: -1 only
	 * with a target. */
	event(const perf_event_attr &attr, s32 cpu, pb_task *target, wake_target &file) noexcept;
	~event();
	event(const event &) = delete;
	event &operator=(const event &) = delete;

	const perf_event_attr &attr() const noexcept { return attr_; }
	u64 id() const noexcept { return id_; }
	s32 cpu() const noexcept { return cpu_; }
	/* The task that the event was opened on; nullptr: all tasks. For comparisons only, not to
	 * dereference. */
	pb_task *target() const noexcept { return target_; }
	/* The cgroup to whose tasks the event belongs, and to those of the cgroups below; nullptr:
	 * to all. */
	const pb_cgroup *cgroup() const noexcept { return cgroup_; }
	/* The pid namespace of the ids in the event's records. */
	const pb_pid_namespace *pid_namespace() const noexcept { return pid_namespace_; }

	/* ------------------------------------------------- writers: any context, preemption off */

	bool active() const noexcept { return state() == event_state::active; }
	/* Whether samples take the fast path: the event is active, every occurrence is a sample,
	 * and the samples have a sample_layout. */
	bool takes_fast_path() const noexcept { return mode_.is_fast(); }
	/* The same for an event with a filter, which may drop samples. */
	bool takes_filtered_path() const noexcept { return mode_.is_fast_but_filtered(); }

	/* The fields of a moment that sample_type selects, for this CPU and the current task. Any
	 * context. */
	moment now() const noexcept;

	/* The bytes of sample_id_all's trailer; 0 without. A record's size includes them. */
	u32 trailer_bytes() const noexcept { return trailer_bytes_; }
	void put_trailer(reservation &into, const moment &when) const noexcept;

	/* Reserves a record of @bytes in all (header, body, trailer). ENOSPC, E2BIG, which are
	 * counted. */
	cxxrt::result<reservation> begin(u32 bytes, const moment &when) noexcept;
	/*
	 * Called before a sample is written or lost. Returns false if it is the last sample that
	 * REFRESH allows. The event is off by then, so a reader of the sample also reads the new
	 * state.
	 */
	[[nodiscard]] bool count_overflow() noexcept
	{
		if (linked_) [[unlikely]]
			switch_linked(PERFBUF_AUX_PAUSE, true);
		return !limit_.read_once() || take_from_limit();
	}
	/* Called for a sample that was lost, which sends the signals of an event without a ring. */
	void sample_lost() noexcept
	{
		if (!ring())
			signal_without_ring();
	}
	/* Commits a sample, which counts towards wakeup_events. */
	void commit_sample(reservation record) noexcept;
	/* The same, inline: see device/event_write.hpp. begin_at() makes the reservation at @to and
	 * returns true; if @records is more than one, the reservation is a burst. */
	moment now_here() const noexcept;
	cxxrt::result<reservation> begin_here(u32 bytes, const moment &when) noexcept;
	bool begin_at(void *to, u32 bytes, const moment &when, u32 records = 1) noexcept;
	void commit_sample_here(reservation record) noexcept;
	/* Gives up a reservation of @bytes. */
	void discard(reservation record, u32 bytes) noexcept;
	/* Counts records for which no reservation was tried. */
	void count_loss(loss_cause cause, u32 records = 1) noexcept;
	/* Counts records, for a caller that reserves directly in the ring. */
	void count_record(u32 records = 1) noexcept { records_.add(records); }
	/* perf_buffer::reserve_after_try(), for a caller whose perf_buffer::try_reserve() returned
	 * false. */
	int reserve_after_try(perf_buffer &into, void *to, u32 bytes) noexcept;
	/* Takes back count_record(), and counts the losses instead. */
	void count_refused(const perf_buffer &into, int why, u32 records = 1) noexcept
	{
		records_.add(0 - u64{records});
		note(into, why, records);
	}

	/* The functions of perfbuf/aux.h, which describes them. */
	void *aux_begin(perfbuf_aux_handle &handle) noexcept;
	void aux_end(perfbuf_aux_handle &handle, u64 size) noexcept;
	/* Returns the position of the bytes. */
	cxxrt::result<u64> aux_write(const void *from, u64 bytes) noexcept;
	void aux_itrace_start() noexcept;
	/* The one CPU that may write to the AUX area now, if the event is on any CPU; the source
	 * sets it. -1: any. */
	static constexpr s32 no_cpu = -2;
	void set_aux_cpu(s32 cpu) noexcept { aux_cpu_.write_once(cpu); }
	s32 aux_cpu() const noexcept { return cpu_ >= 0 ? cpu_ : aux_cpu_.read_once(); }
	/* A pointer that belongs to the source. */
	void *kept_by_source = nullptr;

	/* Called after a sample was written or lost. Resumes AUX of the linked event, if attr says
	 * so; count_overflow() pauses it. */
	void sample_over() noexcept
	{
		if (linked_) [[unlikely]]
			switch_linked(PERFBUF_AUX_RESUME, false);
	}

	/* The event whose AUX area this event's samples copy, pause or resume, or nullptr. */
	event *linked() const noexcept { return linked_; }
	/*
	 * The newest @most bytes, in whole words, of this event's AUX area. No writer overwrites
	 * them until release_aux(). No bytes if no area is mapped, or if an interrupted sample
	 * holds the area.
	 */
	aux_snapshot hold_aux(u32 most) noexcept;
	void release_aux(const aux_snapshot &held) noexcept;
	/* Samples of a linked event have paused this event's AUX: its source writes nothing. */
	bool aux_paused() const noexcept { return aux_paused_.read_once(); }

	/* Fills @words (event_group::read_words_max) with PERF_SAMPLE_READ, as attr.read_format
	 * says, and returns their number. Stops no event. The event's writer. */
	u32 sampled_values(u64 *words) const noexcept;
	/* The words of one event of a group in a sample of another. The same context. */
	u32 put_sampled_counts(u64 *words, u64 format) const noexcept;

	/* attr.sig_data, which PERF_EVENT_IOC_MODIFY_ATTRIBUTES changes. */
	u64 trap_data() const noexcept { return trap_data_.read_once(); }

	/* The current sampling period (ns for a clock): PERF_SAMPLE_PERIOD. */
	u64 period() const noexcept { return period_.read_once(); }

	/* Turns the event on from the exec tracepoint (enable_on_exec), once. True: it was off
	 * before. */
	[[nodiscard]] bool enable_on_exec() noexcept;
	/* Whether an exec will turn the event on. */
	bool awaits_exec() const noexcept { return exec_armed_.read_once(); }
	/* No exec turns the event on any more. */
	void ignore_exec() noexcept { exec_armed_.write_once(0); }
	/* Puts the event into state exited, after the last task of its set. Any context but NMI. */
	void target_exited() noexcept;

	/* ------------------------------------------------------- the file: process, may sleep */

	/* Before the stream is opened: @of_user counts the members of all events of a user with
	 * limits. The counter outlives the stream's close(). */
	void limit_members(cxxrt::shared<u64> &of_user) noexcept { limited_members_ = &of_user; }
	/* The counter, or nullptr if the user has no limits. */
	cxxrt::shared<u64> *limited_members() const noexcept { return limited_members_; }
	/* Before the stream is opened: takes over a reference to @cgroup. */
	void follow_cgroup(pb_cgroup *cgroup) noexcept { cgroup_ = cgroup; }
	/* Before the stream is opened: the file was opened with CAP_PERFMON. */
	void show_addresses() noexcept { sees_addresses_ = true; }
	bool sees_addresses() const noexcept { return sees_addresses_; }
	/* Before the stream is opened. @linked outlives the stream. */
	void link_aux(event *linked) noexcept
	{
		linked_ = linked;
		if (linked)
			mode_.close(event_mode::linked);
	}
	/* All samples take the slow path from now on. */
	void close_fast_path(event_mode::reason why) noexcept { mode_.close(why); }
	void set_stream(cxxrt::unique_ptr<stream> made) noexcept;
	stream &producer() noexcept { return *stream_; }
	/* Closes the event for good. On return no writer is inside, and no list has the event. A
	 * grace period must follow before it is freed. */
	void shut_down() noexcept;
	/* Puts the event into state error, because its source is going. On return no writer is
	 * inside, and readers in poll() are awake. */
	void source_gone() noexcept;

	/* Of its group, too: docs/groups.md. The error of stream::get_ready(). */
	cxxrt::result<void> enable() noexcept;
	void disable() noexcept;
	/* Of the event alone. */
	cxxrt::result<void> enable_alone() noexcept;
	void disable_alone() noexcept;
	/* EINVAL: not a sampling event. */
	cxxrt::result<void> refresh(u32 samples) noexcept;
	/* PERF_EVENT_IOC_MODIFY_ATTRIBUTES, while the event is off. */
	cxxrt::result<void> modify(const perf_event_attr &to) noexcept;
	/* PERFBUF_IOC_FOLLOW; the caller holds @task. */
	cxxrt::result<void> follow(const pb_task *task) noexcept;
	void reset() noexcept;
	/* nullptr: it is in no group. */
	event_group *group() const noexcept { return group_.group.load_acquire(); }
	perfbuf::group_link &group_link() noexcept { return group_; }
	const perfbuf::group_link &group_link() const noexcept { return group_; }
	cxxrt::result<void> set_period(u64 value) noexcept;
	cxxrt::result<void> pause_output(bool on) noexcept;

	event_state state() const noexcept { return mode_.state(); }

	count_and_time counts() noexcept;
	/*
	 * Fills @words as attr.read_format says (read_words_max at most) for the event alone, and
	 * returns their number. Without the losses by cause, which put_causes() adds.
	 */
	static constexpr u32 read_words_max = 7 + loss_causes;
	u32 read_values(u64 *words) noexcept;
	/* The words of one event of a group, by the read_format of the file that is read. */
	u32 put_counts(u64 *words, u64 format) noexcept;
	u32 put_causes(u64 *words) const noexcept;
	/* Writes a record for the pending losses, if the ring has space. */
	void flush_lost() noexcept;
	/* Stores the count and the times in the user page of @on, a ring that the caller holds. */
	void update_user_page(perf_buffer &on) noexcept;

	/* The ring that the event writes to. Changed under the attach lock. */
	perf_buffer *ring() const noexcept { return ring_.load_acquire(); }
	void set_ring(perf_buffer *ring) noexcept { ring_.store_release(ring); }

	/* The records written, and the losses by cause. */
	u64 records() const noexcept { return records_.read(); }
	const loss_counts &losses() const noexcept { return losses_; }

	/* Whether the limit of REFRESH was reached since the last call (SIGIO reports POLL_HUP). */
	bool take_hangup() noexcept { return hangup_.read_once() && hangup_.exchange(0); }

private:
	class origin;

	count_and_time sampled_counts() const noexcept;
	u32 put_values(u64 *words, const count_and_time &now) const noexcept;
	u32 put_id_and_lost(u64 *words, u64 format) const noexcept;

	bool take_from_limit() noexcept;
	void signal_without_ring() noexcept;
	/* Counts records of an event without a ring. */
	void count_no_ring(u32 records = 1) noexcept
	{
		losses_.count(loss_cause::no_ring, records);
	}

	/* Counts a record that the ring wrote by itself (a loss, an AUX record), or could not
	 * write. */
	void note(const perf_buffer &into, int errno_or_0, u32 records = 1) noexcept;
	/* Closes the fast path, too, if a sample stands for more than one occurrence. */
	void write_period(u64 value) noexcept;
	/* Changes the state from active to off, and wakes the file. */
	void turn_off() noexcept;
	aux_area *enter_aux() noexcept;
	void pause_aux(bool on) noexcept;
	/* Pauses or resumes the linked event's AUX, if attr has @action. */
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
	cxxrt::shared<u64> trap_data_;
	cxxrt::shared<u8> aux_paused_;
	cxxrt::shared<s32> aux_cpu_{-1};
	event *linked_ = nullptr;
	pb_cgroup *cgroup_ = nullptr;
	cxxrt::shared<u64> *limited_members_ = nullptr;
	cxxrt::local<u64> records_;
	loss_counts losses_;

	wake_target &file_;
	irq_work<event> irq_work_;
	cxxrt::unique_ptr<stream> stream_;
	cxxrt::mutex mutex_;
	cxxrt::local<u64> count_base_; /* the stream's count at the last PERF_EVENT_IOC_RESET */
	bool sees_addresses_ = false;
	perfbuf::group_link group_;
};

} // namespace perfbuf
