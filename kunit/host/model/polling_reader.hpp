/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader of a ring that two CPUs share (cpus_machine.hpp), and what poll() may answer it: what
 * was true at some time between its last barrier and its end. So the reader notes each state of the
 * ring with the time from which on it holds.
 */
#pragma once

#include "ring/aux.hpp"

#include "weak_cpus.hpp"

#include <vector>

namespace perfbuf::model
{

class polling_reader
{
public:
	/* @area: the reader's, if there is one. @inside: true while accesses are the model's own.
	 */
	polling_reader(perf_buffer &ring, const cxxrt::ref<aux_area> &area, weak_cpus &memory,
		       bool &inside)
		: ring_(ring), area_(area), memory_(memory), inside_(inside)
	{
	}

	/* From here on; the ring and its area are there. */
	void begin();
	/* Stores have arrived: another state of the ring. */
	void note_moment();

	/* Of CPU @cpu. */
	void woken(unsigned cpu);
	void poll(unsigned cpu, bool of_aux);
	/* Takes all but @left bytes. */
	void read(bool of_aux, u64 left);

	/* A wakeup is pending for the head @head. */
	void must_wake_for(u64 head) { must_cover_ = head; }
	/* Everything has arrived, and alarms have fired. */
	void check_end() const;
	void print() const;

private:
	/* The state that both CPUs see from a time on. */
	struct moment {
		u64 time; /* memory_.now() */
		bool readable;
		bool lags; /* the ring's own copy of the head, behind the tail */
		u64 tail;
	};

	moment look();
	/* Counts upwards in both directions. */
	s64 progress(u64 position) const
	{
		return static_cast<s64>(ring_.backward() ? 0 - position : position);
	}

	perf_buffer &ring_;
	const cxxrt::ref<aux_area> &area_;
	weak_cpus &memory_;
	bool &inside_;

	std::vector<moment> moments_; /* each holds until the next */
	u64 covered_ = 0;	      /* the reader that was woken last finds this head */
	u64 must_cover_ = 0;	      /* for this head a wakeup is pending */
};

} // namespace perfbuf::model
