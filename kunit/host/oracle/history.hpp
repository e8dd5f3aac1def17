/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One random history of a ring: its steps, and the contract of docs/ring.md, which is checked
 * whenever no writer is inside. A history follows from its plan and its seed.
 */
#pragma once

#include "test_ring.hpp"
#include "writers.hpp"

namespace perfbuf::oracle
{

class history
{
public:
	history(const plan &planned, u64 seed, bool trace);
	~history();

	/* nullptr, or the promise that was broken. */
	const char *run();
	/* The same, once the ring has gone. */
	const char *end() { return test_.free(); }
	u32 steps() const { return test_.step; }

private:
	/* One of the steps that the plan has. */
	void step();
	void write();
	void pass_time();
	void check();
	/* They are watched. */
	const perfbuf_ring_stats &stats();

	test_ring test_;
	writers writers_;

	u64 sent_before_ = 0;  /* wakeups, until the last check */
	bool watched_ = false; /* the statistics are mapped */
};

} // namespace perfbuf::oracle
