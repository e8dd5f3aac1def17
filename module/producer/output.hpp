/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event of a producer on its way to one reader, on one CPU: a part of a
 * cpu_stream. While it runs it is in the list of its event on that CPU.
 *
 * The layout of the reader's samples (device/sample_layout.hpp) and its filter are
 * compiled before. A sample takes the fast path if one word of the event
 * (device/event_mode.hpp) and one of the ring allow it. The event's sample_writer
 * writes all others.
 */
#pragma once

#include "device/cpus.hpp"
#include "device/run_time.hpp"
#include "device/sample_layout.hpp"
#include "producer/event_cpu.hpp"
#include "producer/filter.hpp"
#include "producer/pointers.hpp"

namespace perfbuf
{

/* State that the outputs of one file share. */
struct output_shared {
	void *event_cpus;			     /* of the event: for pb_percpu_at() */
	cxxrt::shared<const filter *> active_filter; /* nullptr: every occurrence matches */
	cxxrt::shared<u64> missed; /* occurrences while may_write() was false: losses */
	u32 fixed_bytes = 0;	   /* of the payload */
	/* Pointer fields that the reader may not see; nullptr: there are none. */
	const pointer_fields *hidden = nullptr;
};

/* Invariant: except for the counts, only its own CPU uses an output, with interrupts off. */
class output
{
public:
	/* @writer: nullptr: the event counts, and writes no samples. */
	output(event &owner, const sample_writer *writer, u32 cpu, output_shared &shared) noexcept;
	output(const output &) = delete;
	output &operator=(const output &) = delete;

	/* Adds the output to the list of its event. @left: occurrences until the next sample; 0: a
	 * whole period. */
	void start(u64 left) noexcept;
	/* Removes it. Returns the occurrences that were left until the next sample. */
	u64 stop() noexcept;
	bool runs() const noexcept { return ran_.runs(); }

	/* The number of occurrences. Any CPU and context. */
	u64 count() const noexcept { return count_.read(); }
	u64 running_ns() const noexcept { return ran_.ns(); }

	/* ------------------------------------------------- emissions: interrupts off, NMI */

	event &owner() const noexcept { return owner_; }
	const sample_writer *writer() const noexcept { return writer_; }
	const sample_layout &layout() const noexcept { return layout_; }
	bool has_layout() const noexcept { return layout_.fields() != sample_layout::kind::none; }
	output *next() const noexcept { return next_.read_once(); }

	/* Whether the reader's filter matches a payload. */
	bool matches(const void *fixed, const perfbuf_part *parts) const noexcept
	{
		const filter *filter = active_filter();

		return !filter || filter->matches(fixed, parts);
	}

	/* The pointer fields that the reader may not see; nullptr: it may see all. With hidden
	 * pointers an output takes neither the fast nor the filtered path. */
	const pointer_fields *hidden() const noexcept { return shared_.hidden; }

	const filter *active_filter() const noexcept
	{
		return shared_.active_filter.load_acquire();
	}

	/* Whether a sample may be written now. False also while its CPU goes offline: then a loss
	 * is counted. */
	bool may_write() noexcept
	{
		if (!owner_.active()) [[unlikely]]
			return false;
		if (on_any_cpu_ && !cpu_is_open(cpu_)) [[unlikely]] {
			shared_.missed.fetch_add(1);
			return false;
		}
		return true;
	}

	/* Whether each occurrence becomes a sample that its layout describes: of a reader that is
	 * alone and has no filter; and of a reader whose filter, if any, matches(). */
	bool takes_fast_path() const noexcept { return owner_.takes_fast_path(); }
	bool takes_filtered_path() const noexcept
	{
		return owner_.takes_filtered_path() && !(on_any_cpu_ && !cpu_is_open(cpu_));
	}
	/* Whether emission::write_inline() may write it: takes_filtered_path() depends on the event
	 * alone, the samples have a layout, and their number wakes no reader. */
	bool is_written_inline() const noexcept { return is_written_inline_; }
	perf_buffer *ring() const noexcept { return owner_.ring(); }

	/* Counts an occurrence; and one that becomes a record on the fast path (if the ring then
	 * refuses it, event::count_refused() corrects the count). */
	void count_occurrence() noexcept { count_.add(1); }
	void count_sample() noexcept
	{
		count_occurrence();
		owner_.count_record();
	}
	/* The same for a burst. */
	void count_occurrences(u32 times) noexcept { count_.add(times); }
	void count_samples(u32 records) noexcept
	{
		count_occurrences(records);
		owner_.count_record(records);
	}
	/* Counts @records for attr.wakeup_events. Between reserve and commit. */
	void count_towards_wakeup(perf_buffer &into, u32 records = 1) const noexcept
	{
		into.count_event(wakeup_events_, records);
	}

	/* The number of the last large emission that was written here: emission::write_in_steps().
	 */
	bool has_mark(u64 mark) const noexcept { return mark_ == mark; }
	void set_mark(u64 mark) noexcept { mark_ = mark; }

	/* Counts an occurrence. True: the sample period is over, so the caller writes a sample. */
	bool count_and_check_period() noexcept
	{
		count_.add(1);
		return writer_ && period_is_over(owner_.period());
	}

private:
	friend class event_cpu;

	bool period_is_over(u64 period) noexcept;
	/* Which C entry may write it while it is the only output on this CPU: enum pb_alone. */
	u32 alone() const noexcept;

	event &owner_;
	cxxrt::shared<output *> next_;
	cxxrt::local<u64> count_;
	const sample_layout layout_;
	cxxrt::shared<output *> *link_ = nullptr; /* what points to us in the list */
	const sample_writer *const writer_;
	output_shared &shared_;
	const u32 cpu_;
	const bool on_any_cpu_;
	const u32 wakeup_events_; /* every so many samples wake; 0: none */
	const bool is_written_inline_;
	cxxrt::local<u64> left_;
	u64 mark_ = 0;
	run_time ran_;
};

} // namespace perfbuf
