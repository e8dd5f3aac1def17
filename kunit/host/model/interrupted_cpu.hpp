/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU that writes: before each access of a writer the explorer chooses whether a context that
 * interrupts it runs, or another actor of the scenario.
 */
#pragma once

#include "execution.hpp"
#include "weak_memory.hpp"

namespace perfbuf::model
{

class interrupted_cpu : public execution
{
protected:
	explicit interrupted_cpu(explorer &choices) : choices_(choices), memory_(choices) {}
	~interrupted_cpu() = default;

	/* Runs what the explorer chooses before an access. @shared: the access is to memory that
	 * the reader sees. */
	virtual void intervene(bool shared) = 0;
	/* Checks the ring as a reader on this CPU sees it now. */
	virtual void look() = 0;

	/*
	 * A writer is about to make this access. The reader runs on another CPU (@is_reader_far),
	 * or on this one; @tail is the word that it stores.
	 */
	void before_writers(cxxrt::model::access access, const volatile void *where,
			    std::size_t bytes, bool is_reader_far, const volatile void *tail);

	explorer &choices_;
	weak_memory memory_;
	unsigned context_ = 0;
	bool exploring_ = false;
	bool inside_ = false; /* the model itself runs: its accesses are not a writer's */

private:
	unsigned accesses_ = 0;
};

} // namespace perfbuf::model
