/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The writers of a history: a task, and the interrupts and NMIs that write at any of its accesses.
 * At any access another CPU may read, pause the ring, map its statistics, or let an alarm fire.
 */
#pragma once

#include "test_ring.hpp"

#include "cxxrt_model.hpp"

namespace perfbuf::oracle
{

class writers
{
public:
	explicit writers(test_ring &of) : test_(of), ring_(*of.ring), choices_(of.choices) {}

	/* A task writes a record; no writer is inside before and after. */
	void write_as_task();
	/* A wakeup for what was written, which a writer that we interrupt may have to publish. */
	void wake_published();
	/* Whether wake_published() was called since the last question. */
	bool has_woken() { return std::exchange(wakes_, false); }
	/* Ends a map of the statistics that began at an access. False: none did. */
	bool end_watching();

	/* A writer, or the alarm, is about to access memory. */
	void before(cxxrt::model::access access);

private:
	u32 choose_bytes();
	u64 needed(u32 bytes) const;
	/* The result that a record of @bytes must have where nothing comes in between. */
	int expected(u32 bytes);
	void write_outermost();
	void write(u32 context);
	/* The record @id of @bytes, which is reserved. */
	void fill(reservation &record, u64 id, u32 bytes);
	void write_in_alarm();
	void intervene();

	test_ring &test_;
	perf_buffer &ring_;
	random &choices_;
	std::optional<host::waiting_call> watching_;

	u32 context_ = 0;
	u32 interventions_ = 0;
	u32 nested_left_ = 0; /* how many more may interrupt the writer at hand */
	u64 counted_ = 0;     /* calls of count_event() */
	bool wakes_ = false;
};

} // namespace perfbuf::oracle
