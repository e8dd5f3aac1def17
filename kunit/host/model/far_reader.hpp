/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader's program on another CPU, a step at a time:
 *
 *	1  load data_head
 *	   C
 *	2  load the header of a record
 *	3  load the rest; again from 2 while there are more
 *	   D
 *	4  store data_tail
 *
 * Without C a load of 2 and 3 may be satisfied before that of 1 (weak_memory.hpp); without D the
 * store of 4 may come before 2, and a reader with that fault takes the steps in that order.
 */
#pragma once

#include "ledger.hpp"
#include "weak_memory.hpp"

#include <vector>

namespace perfbuf::model
{

class far_reader
{
public:
	far_reader(perf_buffer &ring, ledger &all, weak_memory &memory, reader_fault fault,
		   unsigned rounds);

	bool done() const { return rounds_ == 0; }
	/* One step; @exploring: of what it could see, any. */
	void step(bool exploring);
	/* Everything that is left, when all stores have arrived. */
	void finish();

private:
	void load_head(bool exploring);
	void load_words(u64 position, u32 bytes, bool exploring);
	void load_header(bool exploring);
	void load_record(bool exploring);
	void store_tail(bool exploring);
	void end_round();

	perf_buffer &ring_;
	ledger &all_;
	weak_memory &memory_;
	const reader_fault fault_;
	unsigned rounds_;

	void (far_reader::*next_)(bool) = nullptr;
	std::vector<char *> pages_;
	u64 head_;
	u64 tail_;
	u64 at_ = 0;
	u64 end_ = 0;
	u64 words_[largest_record / 8];
	std::vector<std::vector<u64>> batch_; /* of this round, lower positions first */
};

} // namespace perfbuf::model
