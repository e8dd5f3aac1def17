/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader that sleeps in poll(), and the promises of docs/ring.md about its
 * wakeups. It uses the public interface of the ring alone.
 *
 * Whenever no writer is inside the ring:
 *  - if the reader sleeps and readable() is true, a wakeup is pending;
 *  - readable() is true while something is unread that a wakeup was sent for,
 *    and while more than the watermark is unread;
 *  - readable() is false if nothing is unread, and otherwise has one of those
 *    reasons;
 *  - if a record was refused because the ring is full, and the ring still is
 *    full, the reader is awake or a wakeup is pending;
 *  - in overwrite mode, the stream has not come further than the watermark
 *    since the last wakeup;
 *  - there is no wakeup without a reason: more bytes than the watermark, or
 *    one of allow().
 */
#pragma once

#include "ring/perf_buffer.hpp"

namespace perfbuf::oracle
{

class sleeping_reader final : public wake_target
{
public:
	/* Attaches to @ring, and sleeps. No writer is inside. */
	explicit sleeping_reader(perf_buffer &ring);
	~sleeping_reader();

	/* host::on_raise(): the ring has raised @work. */
	void raised(const void *work);
	/* From here on this many more wakeups have a reason that is not the watermark. */
	void allow(unsigned wakeups) { allowed_ += wakeups; }
	/* The ring refused a record that needs @bytes of free space: one wakeup for each head. */
	void refused_full(u64 bytes, bool is_nested);
	/* An alarm fires: one wakeup for each head. */
	void latency_expires();
	/* set_wakeups() was called: with another latency, and with wakeups or without. */
	void sets_latency();
	void sends(bool on);

	/* Has consumed everything up to @tail, a position of the stream, and stores @stored. */
	void consume(u64 tail, u64 stored);
	/* Polls: sleeps if there is nothing to read. */
	void poll();

	bool is_asleep() const { return asleep_; }
	bool is_pending() const;
	u64 tail() const { return tail_; }
	/* All wakeups. */
	u64 sent() const { return sent_; }

	/* A writer enters, and no other is inside. */
	void writer_enters();
	/* A nested writer or another CPU comes in between: from now on, until the writer has left,
	 * a wakeup may have been decided on before what is published then. */
	void interrupted() { mixed_ = true; }
	bool is_mixed() const { return mixed_; }
	/* The wakeup that comes next was decided on before the last one. */
	void next_is_older() { next_is_older_ = true; }
	/* data_head at the last wakeup. */
	u64 woken_at() const { return woken_at_; }

	/* No writer is inside, and what is published up to @wanted wants a wakeup: nullptr, or the
	 * promise that is broken. */
	const char *check(u64 wanted);

private:
	void wake() noexcept override { woken_ = true; }

	u64 head() const { return cxxrt::read_once(ring_.user_page()->data_head); }
	/* How far @to is behind @from in the direction of the stream. */
	s64 distance(u64 from, u64 to) const
	{
		return static_cast<s64>(ring_.backward() ? from - to : to - from);
	}
	const char *check_readable(u64 wanted);
	const char *check_budget();

	perf_buffer &ring_;
	const void *wakeup_work_; /* the irq_work that wakes */
	u64 tail_;		  /* of the stream, not modulo the size */

	bool asleep_ = false;
	bool woken_ = false; /* a wakeup was delivered, and no poll() since */
	bool silent_ = false;
	bool mixed_ = false;
	bool next_is_older_ = false;
	u64 entered_at_; /* data_head when the outermost writer entered */

	u64 woken_at_;		   /* data_head at the last wakeup */
	u64 woken_for_;		   /* what the last wakeup was sent for ends here, or behind it */
	bool woken_mixed_ = false; /* behind it, perhaps */
	u64 full_need_ = 0;	   /* bytes of the last record that was refused as full */

	/* Wakeups and their reasons. */
	unsigned raises_ = 0; /* since the last check */
	u64 sent_ = 0;
	unsigned starts_ = 0; /* of the alarm, since it fired or was set */
	u64 allowed_ = 0;
	u64 credit_;	    /* bytes of the stream that no wakeup has been sent for */
	u64 credited_;	    /* data_head when credit_ was reckoned */
	u64 full_head_ = 1; /* no head */
};

} // namespace perfbuf::oracle
