/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a producer of records is to the device: a source, one for each node
 * under /dev/perfbuf, and a stream, the source's side of one open file.
 */
#pragma once

#include "ring/loss.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class aux_source;
class event;
class text_writer;

/*
 * Life: source::open() -> (start() -> stop())* -> close() -> a grace period -> destructor. All in
 * process context, may sleep, one at a time (the event's mutex).
 */
class stream
{
public:
	virtual ~stream() = default;

	/* What may fail before the first start(), and is to be told to who enables the event;
	 * source::open() has done it for an event that begins at once. Not one at a time. */
	virtual cxxrt::result<void> get_ready() noexcept { return {}; }
	/* The event has just become active: records may flow. */
	virtual void start() noexcept = 0;
	/* The event is no longer active: on return no writer of this stream is inside and none
	 * comes. */
	virtual void stop() noexcept = 0;
	/* Takes itself out of every list that interrupts and tracepoints walk; it does not wait for
	 * those that walk now. */
	virtual void close() noexcept = 0;
	/* The file is being released, after close(), and no lock is held. */
	virtual void closed() noexcept {}

	/* What the source counts, and how long it has counted, ns. Any CPU. */
	virtual u64 count() noexcept = 0;
	virtual u64 running_ns() noexcept = 0;
	/* The same, maybe as it was at the last of these calls; under mmap_lock. */
	virtual u64 recent_count() noexcept { return count(); }
	virtual u64 recent_running_ns() noexcept { return running_ns(); }

	/* Records whose loss could not be counted when they came; and, as a writer, their counting.
	 */
	virtual bool has_missed() const noexcept = 0;
	virtual void count_missed() noexcept = 0;

	/* PERF_EVENT_IOC_PERIOD: the new attr.sample_period or sample_freq is event::period(). On
	 * an error the old one goes on. */
	virtual cxxrt::result<void> period_changed() noexcept = 0;

	/* PERF_EVENT_IOC_SET_FILTER. EINVAL: there is nothing to filter, or the text is none. */
	virtual cxxrt::result<void> set_filter(const char *) noexcept
	{
		return cxxrt::error(EINVAL);
	}

	/*
	 * Calls @fn(@arg) where it can be sure that no writer of this stream is inside: on the
	 * stream's own CPU with interrupts off, or with its writers shut out.
	 */
	virtual void run_as_writer(void (*fn)(void *arg), void *arg) noexcept = 0;

	/*
	 * Ends the AUX transaction that is open, if one is: on return none is that had begun before
	 * the call. From open() to the destructor, beside anything above; no lock of the event is
	 * held.
	 */
	virtual void stop_aux() noexcept {}

	/*
	 * A sample of a linked event pauses AUX, or resumes it: in between every begin fails, and
	 * the source that has a transaction open ends it or writes nothing. Any context, on the
	 * stream's CPU, preemption off.
	 */
	virtual void pause_aux(bool on) noexcept {}

	/*
	 * The same, but for the time of one sample: nothing is written between the two. @head: what
	 * is published; the source that has a transaction open sets it to the position up to which
	 * the bytes are there. What it was writing behind that, as the sample interrupted it, is at
	 * most an eighth of the area. False: it cannot be held now, and the sample has no bytes; no
	 * release_aux() follows. Writers of a shared area are held by the area.
	 */
	[[nodiscard]] virtual bool hold_aux(u64 &) noexcept { return true; }
	virtual void release_aux() noexcept {}
};

/* What the open files of a source have done, or those that are gone. */
struct source_totals {
	u64 files = 0;
	u64 rings = 0;
	u64 records = 0;
	u64 bytes = 0; /* of rings */
	u64 lost[loss_causes] = {};

	void add(const event &one) noexcept;
	u64 all_lost() const noexcept
	{
		u64 sum = 0;

		for (u64 one : lost)
			sum += one;
		return sum;
	}
};

/* Totals of a source as they were. */
struct rate_mark {
	u64 time; /* ns */
	u64 records, bytes, lost;
};

/* What has come in each second, over @ms. */
struct source_rates {
	u64 records, bytes, lost;
	u64 ms;
};

class source
{
public:
	virtual const char *name() const noexcept = 0;	      /* of the node; stays */
	virtual const char *description() const noexcept = 0; /* one line; stays */

	/* Permissions of the node. */
	virtual u32 mode() const noexcept { return 0600; }
	/* To open a file takes CAP_PERFMON, whatever the node's permissions are. */
	virtual bool is_for_tracers() const noexcept { return true; }

	/*
	 * A file has been opened, and has been closed: what is open keeps the source's module from
	 * being removed. False: the source is going. Process; the first under the lock of the open
	 * files.
	 */
	virtual bool file_opened() noexcept { return true; }
	virtual void file_closed() noexcept {}
	/* The memory of a closed file has gone, and with it its last use of the source. Process. */
	virtual void file_freed() noexcept {}

	/* write(2) into the node: whether it means anything, and what was written. EINVAL, ENODEV.
	 * Process, may sleep. */
	virtual bool takes_writes() const noexcept { return false; }
	virtual cxxrt::result<void> write(const void *, u32) noexcept
	{
		return cxxrt::error(EINVAL);
	}

	/*
	 * Whether attr names an event of this source, and one that it can do: ENOENT for another
	 * type or config, EINVAL for a value out of range, EOPNOTSUPP for what it cannot do.
	 * Process.
	 */
	virtual cxxrt::result<void> check(const perf_event_attr &attr) const noexcept = 0;
	virtual cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept = 0;

	/* What is recorded of it without a reader (docs/recorder.md), as text, both ways.
	 * EOPNOTSUPP: nothing can be. Process, may sleep. */
	virtual void show_recorder(text_writer &) noexcept {}
	virtual cxxrt::result<void> change_recorder(const char *) noexcept
	{
		return cxxrt::error(EOPNOTSUPP);
	}

	/* Its side of AUX areas; nullptr: it fills none. */
	virtual aux_source *aux() noexcept { return nullptr; }

	source_totals gone; /* of closed files; under the lock of the open files */
	/* The last two times that somebody asked for the rates, at least a second apart; the older
	 * one first. Under the same lock. */
	rate_mark marks[2] = {};
	cxxrt::shared<u64> gone_bytes; /* of rings that are gone */

protected:
	~source() = default;
};

/* The sources in the box, in the order of their minor numbers; ends with nullptr. */
extern source *const sources_in_the_box[];

} // namespace perfbuf
