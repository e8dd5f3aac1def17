/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records that writers attempted and that the reader received, and the promises between the
 * two: nothing unfinished, nothing twice, in order within a context, and
 * received + LOST = attempted.
 */
#pragma once

#include "record.hpp"
#include "scenario.hpp"

#include <vector>

namespace perfbuf::model
{

class ledger
{
public:
	/* A writer's side. */
	u32 attempt(unsigned context, const op &op);
	void refused(u32 id) { at(id).refused = true; }
	void gives_up(u32 id) { at(id).given_up = true; }
	void wants_wakeup(u32 id) { at(id).wakes = true; }
	/* From here on it may be seen. */
	void finished(u32 id) { at(id).finished = true; }

	/* The reader's side: a record as it stands in the ring. */
	void receive(const u64 *words, u32 bytes);
	void reported(u64 lost) { reported_ += lost; }
	/* A wakeup: those who wait see everything received until now. */
	void wake();

	/* When all is quiet and read. @records, @losses: what the ring counted. */
	void check_end(u64 records, u64 losses) const;
	void print() const;

	u64 received() const { return received_; }

	/* No writer is inside. */
	void settle();
	/* At most this many bytes are reserved and not published, but for reports of losses. */
	u64 in_flight() const;

private:
	struct entry {
		unsigned context;
		u32 bytes;
		bool refused, given_up, finished, received, wakes, woken, settled;
	};

	entry &at(u32 id) { return entries_[id]; }

	std::vector<entry> entries_;
	u64 newest_[contexts] = {}; /* number + 1 of the last received */
	u64 received_ = 0;
	u64 reported_ = 0;
};

} // namespace perfbuf::model
