/* SPDX-License-Identifier: GPL-2.0 */
/* The interface between the device and producers of records: a source for each node under
 * /dev/perfbuf, and a stream, the source's side of one event. */
#pragma once

#include "device/task.h"
#include "ring/loss.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class aux_source;
class event;
class text_writer;

struct count_and_time {
	u64 count;
	u64 running; /* ns */
};

/*
 * Life: source::open() -> (start() -> stop())* -> close() -> a grace period -> destructor. All in
 * process context, may sleep, one at a time (the event's mutex).
 */
class stream
{
public:
	virtual ~stream() = default;

	/* Does before the first start() what may fail. PERF_EVENT_IOC_ENABLE returns its error.
	 * source::open() has done it for an event that starts enabled. Not serialised. */
	virtual cxxrt::result<void> get_ready() noexcept { return {}; }
	/* The event is active now: the stream may write records. */
	virtual void start() noexcept = 0;
	/* The event is no longer active. On return no writer of this stream is inside, and none
	 * enters. */
	virtual void stop() noexcept = 0;
	/* Removes the stream from every list that interrupts and tracepoints walk. Does not wait
	 * for walks that have begun. */
	virtual void close() noexcept = 0;
	/* The file is being released, after close(), and no lock is held. */
	virtual void closed() noexcept {}

	/* The event's count, and for how long it has counted (ns). Any CPU. */
	virtual u64 count() noexcept = 0;
	virtual u64 running_ns() noexcept = 0;
	/* The same for a caller that holds mmap_lock; may return the result of the last call. */
	virtual u64 recent_count() noexcept { return count(); }
	virtual u64 recent_running_ns() noexcept { return running_ns(); }

	/* The same for PERF_SAMPLE_READ: on the CPU of a writer of this stream, or of another event
	 * of its group. Any context, NMI included; interrupts off. */
	virtual count_and_time sampled_count() noexcept { return {count(), running_ns()}; }

	/* Whether there are losses that could not be counted when they happened. count_missed()
	 * counts them, as a writer. */
	virtual bool has_missed() const noexcept = 0;
	virtual void count_missed() noexcept = 0;

	/* PERF_EVENT_IOC_PERIOD: event::period() has the new attr.sample_period or sample_freq. On
	 * an error the old one stays. */
	virtual cxxrt::result<void> period_changed() noexcept = 0;

	/* PERF_EVENT_IOC_MODIFY_ATTRIBUTES: the breakpoint is where @to says. EINVAL: it cannot be
	 * there; EOPNOTSUPP, ENOSPC. Nothing has changed then. */
	virtual cxxrt::result<void> modify(const perf_event_attr &) noexcept
	{
		return cxxrt::error(EOPNOTSUPP);
	}

	/* PERFBUF_IOC_FOLLOW, of an event on tasks and one CPU that is inherited: follows @task,
	 * too. ESRCH, ENOMEM, EMFILE, ENOSPC. */
	virtual cxxrt::result<void> follow(const pb_task *) noexcept
	{
		return cxxrt::error(EOPNOTSUPP);
	}

	/* PERF_EVENT_IOC_SET_FILTER. EINVAL: the source has no filters, or the text is not a
	 * filter. */
	virtual cxxrt::result<void> set_filter(const char *) noexcept
	{
		return cxxrt::error(EINVAL);
	}

	/* PERFBUF_IOC_CHECK_FILTER: all of @out but its text. An error: not known whether @text is
	 * a filter. */
	virtual cxxrt::result<void> check_filter(const char *, perfbuf_filter_check &) noexcept
	{
		return cxxrt::error(EOPNOTSUPP);
	}

	/* Calls @fn(@arg) while no writer of this stream is inside: on the stream's own CPU with
	 * interrupts off, or with its writers kept out. */
	virtual void run_as_writer(void (*fn)(void *arg), void *arg) noexcept = 0;

	/*
	 * Ends the open AUX transaction, if there is one. On return every transaction that had
	 * begun before the call has ended. May be called from open() to the destructor, beside any
	 * other function here; the caller holds no lock of the event.
	 */
	virtual void stop_aux() noexcept {}

	/*
	 * A sample of a linked event pauses or resumes AUX. While AUX is paused every begin fails,
	 * and a source with an open transaction ends it or writes nothing. Any context, on the
	 * stream's CPU, preemption off.
	 */
	virtual void pause_aux(bool on) noexcept {}

	/*
	 * hold_aux() pauses AUX for the time of one sample, until release_aux(). @head: the
	 * published position. A source with an open transaction sets it to the position up to which
	 * its bytes are complete. Behind that it has written at most an eighth of the area when the
	 * sample interrupted it. False: the source cannot pause now, and the sample has no AUX
	 * bytes; no release_aux() follows. A shared area holds its writers itself.
	 */
	[[nodiscard]] virtual bool hold_aux(u64 &) noexcept { return true; }
	virtual void release_aux() noexcept {}
};

/* Counts of the open files of a source, or of its closed files. */
struct source_totals {
	u64 files = 0;
	u64 rings = 0;
	u64 records = 0;
	u64 bytes = 0; /* of rings */
	u64 lost[loss_causes] = {};

	void add(const event &event) noexcept;
	u64 all_lost() const noexcept
	{
		u64 sum = 0;

		for (u64 count : lost)
			sum += count;
		return sum;
	}
};

/* The totals of a source at one time. */
struct rate_mark {
	u64 time; /* ns */
	u64 records, bytes, lost;
};

/* Counts for each second, measured over @ms. */
struct source_rates {
	u64 records, bytes, lost;
	u64 ms;
};

/* The bytes of a record that user space wrote, in kernel memory. */
struct written_part {
	const void *data;
	u32 bytes;
};

class source
{
public:
	virtual const char *name() const noexcept = 0;	      /* of the node; stays */
	virtual const char *description() const noexcept = 0; /* one line; stays */

	/* Permissions of the node. */
	virtual u32 mode() const noexcept { return 0600; }
	/* Whether open(2) needs CAP_PERFMON in addition to the node's permissions. */
	virtual bool is_for_tracers() const noexcept { return true; }

	/* Whether its events can send SIGTRAP to the task that they interrupt (attr.sigtrap). */
	virtual bool sends_traps() const noexcept { return false; }

	/* Whether its events can be limited to the tasks of a cgroup. */
	virtual bool follows_cgroups() const noexcept { return true; }

	/*
	 * A file is opened and closed. An open file keeps the source's module from being removed.
	 * False: the source is going. Process context; file_opened() under the lock of the open
	 * files.
	 */
	virtual bool file_opened() noexcept { return true; }
	virtual void file_closed() noexcept {}
	/* The memory of a closed file is freed: its last use of the source. Process context. */
	virtual void file_freed() noexcept {}

	/* Undoes what it keeps for files that may come soon. Process context, may sleep. */
	virtual void trim() noexcept {}

	/* write(2) to the node: whether the source takes it, and the records, in their order.
	 * Returns how many it took: fewer when one fails, whose error it is when it is the first.
	 * EINVAL, ENODEV. Process context, may sleep. */
	virtual bool takes_writes() const noexcept { return false; }
	virtual cxxrt::result<u32> write(const written_part *, u32) noexcept
	{
		return cxxrt::error(EINVAL);
	}

	/*
	 * Checks that attr names an event that this source supports. ENOENT for another type or
	 * config, EINVAL for a value out of range, EOPNOTSUPP for something that the source does
	 * not support. Process context.
	 */
	virtual cxxrt::result<void> check(const perf_event_attr &attr) const noexcept = 0;
	virtual cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept = 0;

	/* The text of the sysfs attribute `recorder` (docs/recorder.md), read and written.
	 * EOPNOTSUPP: the source cannot have a recorder. Process context, may sleep. */
	virtual void show_recorder(text_writer &) noexcept {}
	virtual cxxrt::result<void> change_recorder(const char *) noexcept
	{
		return cxxrt::error(EOPNOTSUPP);
	}

	/* The source's AUX interface; nullptr: it fills no AUX areas. */
	virtual aux_source *aux() noexcept { return nullptr; }

	source_totals gone; /* of closed files; under the lock of the open files */
	/* The totals at the last two reads of the rates that were at least a second apart; the
	 * older one first. Under the same lock. */
	rate_mark marks[2] = {};
	cxxrt::shared<u64> gone_bytes; /* of rings that are gone */

protected:
	~source() = default;
};

/*
 * The sources that are part of this module, in the order of their minor numbers; ends with nullptr.
 */
extern source *const sources_in_the_box[];

} // namespace perfbuf
