/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU that writes: before each access of a writer a context above it may run, and other things
 * that the scenario has may happen. The explorer chooses.
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

	/* Whatever may happen here happens; @shared: the reader can tell this access. */
	virtual void intervene(bool shared) = 0;
	/* What a reader on this CPU sees holds. */
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
	bool inside_ = false; /* of the model: these accesses are not a writer's */

private:
	unsigned accesses_ = 0;
};

} // namespace perfbuf::model
