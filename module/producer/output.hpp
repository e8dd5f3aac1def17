/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event of a producer on its way to one file, on one CPU: a part of a
 * cpu_stream. While it runs it is in the list that an emission on that CPU walks.
 */
#pragma once

#include "device/cpus.hpp"
#include "device/rcu_list.hpp"
#include "device/run_time.hpp"
#include "device/sample_form.hpp"
#include "glue/producer.h"
#include "producer/filter.hpp"
#include "ring/recursion.hpp"

namespace perfbuf
{

class output;

/*
 * What an event has on one CPU. The list is changed on that CPU with interrupts off, and walked
 * there, also in NMI.
 */
struct listeners {
	/* An NMI may come at any step, and finds what it was told of. */
	void add(output &one) noexcept;
	void remove(output &one) noexcept;

	recursion_contexts busy;
	rcu_list<output> list;
	cxxrt::local<u32> way; /* enum pb_way */
	u32 common; /* id of the event | PB_COMMON_IRQS_OFF; set while somebody is there */

private:
	/* Of an event of which @first and who follows are told. */
	static u32 way_to(const output *first) noexcept;
};

/* The C entry looks at them before it calls anybody. */
static_assert(offsetof(listeners, busy) == offsetof(pb_listeners, busy));
static_assert(offsetof(listeners, list) == offsetof(pb_listeners, first));
static_assert(offsetof(listeners, way) == offsetof(pb_listeners, way));
static_assert(offsetof(listeners, common) == offsetof(pb_listeners, common));

/* What the outputs of one file have in common. */
struct output_shared {
	void *listeners;		      /* of the event: for pb_percpu_at() */
	cxxrt::shared<const filter *> wanted; /* nullptr: everything */
	cxxrt::shared<u64> missed;	      /* while writers might not begin */
	u32 id = 0;			      /* of the event */
	sample_form form = {};		      /* of an event without variable parts */
};

/* Invariant: but for the counts it is touched on its CPU only, with interrupts off. */
class output : public rcu_listed<output>
{
public:
	/* @writer: nullptr: it counts and does not write. */
	output(event &owner, const sample_writer *writer, u32 cpu, output_shared &shared) noexcept
		: owner_(owner), writer_(writer), shared_(shared), cpu_(cpu)
	{
	}
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
	const filter *wanted() const noexcept { return shared_.wanted.load_acquire(); }

	/* Whether it may be written to now; if not for the moment, the loss is noted. */
	bool may_write() noexcept
	{
		if (!owner_.active()) [[unlikely]]
			return false;
		if (owner_.cpu() < 0 && !cpu_is_open(cpu_)) [[unlikely]] {
			shared_.missed.fetch_add(1);
			return false;
		}
		return true;
	}

	/*
	 * The ring, if the event has a form, all of it is written, and nothing stands in the way of
	 * that: it takes a look at four words. Then may_write(), happened(), count_overflow() and a
	 * filter would all say yes. It has happened, and is counted as a record: see
	 * event::count_refused().
	 */
	perf_buffer *short_way() noexcept
	{
		event &owner = owner_;

		if (!owner.is_short()) [[unlikely]]
			return nullptr;

		perf_buffer *into = owner.ring();

		if (!into) [[unlikely]]
			return nullptr;
		count_.add(1);
		owner.count_record();
		return into;
	}
	const sample_form &form() const noexcept { return shared_.form; }

	/* It has happened. True: and it is to be written. */
	bool happened() noexcept
	{
		count_.add(1);
		if (!writer_)
			return false;

		const u64 period = owner_.period();

		return period == 1 || (period && period_is_over(period));
	}

private:
	bool period_is_over(u64 period) noexcept;

	event &owner_;
	const sample_writer *const writer_;
	output_shared &shared_;
	const u32 cpu_;
	cxxrt::local<u64> count_;
	cxxrt::local<u64> left_;
	run_time ran_;
};

} // namespace perfbuf
