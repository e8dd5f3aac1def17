/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event of a producer on its way to one reader, on one CPU: a part of a
 * cpu_stream. While it runs it is in the list of its event on that CPU.
 *
 * What the reader wants is compiled before: the layout of its samples
 * (device/sample_layout.hpp) and its filter. A sample takes the fast path if one
 * word of the event (device/event_mode.hpp) and one of the ring allow it; all
 * others are written by the event's sample_writer.
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

/* What the outputs of one file have in common. */
struct output_shared {
	void *event_cpus;		      /* of the event: for pb_percpu_at() */
	cxxrt::shared<const filter *> wanted; /* nullptr: everything */
	cxxrt::shared<u64> missed;	      /* while writers might not begin */
	u32 fixed_bytes = 0;		      /* of the payload */
	/* That the reader may not see; nullptr: it may, or there are none. */
	const pointer_fields *hidden = nullptr;
};

/* Invariant: but for the counts it is touched on its CPU only, with interrupts off. */
class output
{
public:
	/* @writer: nullptr: it counts and does not write. */
	output(event &owner, const sample_writer *writer, u32 cpu, output_shared &shared) noexcept;
	output(const output &) = delete;
	output &operator=(const output &) = delete;

	/* @left: how many times it must still happen until it is written; 0: a whole period. */
	void start(u64 left) noexcept;
	/* The same. */
	u64 stop() noexcept;
	bool runs() const noexcept { return ran_.runs(); }

	/* How often it has happened. Any CPU and context. */
	u64 count() const noexcept { return count_.read(); }
	u64 running_ns() const noexcept { return ran_.ns(); }

	/* ------------------------------------------------- emissions: interrupts off, NMI */

	event &owner() const noexcept { return owner_; }
	const sample_writer *writer() const noexcept { return writer_; }
	const sample_layout &layout() const noexcept { return layout_; }
	bool has_layout() const noexcept { return layout_.fields() != sample_layout::kind::none; }
	output *next() const noexcept { return next_.read_once(); }

	/* Whether the reader wants a payload. */
	bool matches(const void *fixed, const perfbuf_part *parts) const noexcept
	{
		const filter *one = wanted();

		return !one || one->matches(fixed, parts);
	}

	/* The pointers of the payload that the reader may not see; nullptr: it may see all. Then it
	 * takes neither the fast nor the filtered path. */
	const pointer_fields *hidden() const noexcept { return shared_.hidden; }

	const filter *wanted() const noexcept { return shared_.wanted.load_acquire(); }

	/* Whether it may be written to now; if not for the moment, the loss is noted. */
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

	/* Whether a reader that is alone and has no filter takes each occurrence as a sample; the
	 * same of a reader whose filter matches(). */
	bool takes_fast_path() const noexcept { return owner_.takes_fast_path(); }
	bool takes_filtered_path() const noexcept
	{
		return owner_.takes_filtered_path() && !(on_any_cpu_ && !cpu_is_open(cpu_));
	}
	/* Whether takes_filtered_path() depends on the event alone, samples wake by no count, and
	 * have a layout. */
	bool is_plain() const noexcept { return is_plain_; }
	perf_buffer *ring() const noexcept { return owner_.ring(); }

	/* It has happened; and is a record on the fast path: see event::count_refused(). */
	void count_occurrence() noexcept { count_.add(1); }
	void count_sample() noexcept
	{
		count_occurrence();
		owner_.count_record();
	}
	/* The same of a burst. */
	void count_occurrences(u32 times) noexcept { count_.add(times); }
	void count_samples(u32 records) noexcept
	{
		count_occurrences(records);
		owner_.count_record(records);
	}
	/* Between reserve and commit: the samples count towards a wakeup. */
	void count_towards_wakeup(perf_buffer &into, u32 records = 1) const noexcept
	{
		into.count_event(wakeup_events_, records);
	}

	/* Of the last emission in steps that it had: emission::write_in_steps(). */
	bool has_mark(u64 mark) const noexcept { return mark_ == mark; }
	void set_mark(u64 mark) noexcept { mark_ = mark; }

	/* It has happened. True: and it is to be written. */
	bool happened() noexcept
	{
		count_.add(1);
		return writer_ && period_is_over(owner_.period());
	}

private:
	friend class event_cpu;

	bool period_is_over(u64 period) noexcept;
	/* What the C entries call it if it is the only one: enum pb_alone. */
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
	const bool is_plain_;
	cxxrt::local<u64> left_;
	u64 mark_ = 0;
	run_time ran_;
};

} // namespace perfbuf
