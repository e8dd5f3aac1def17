/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stores of a CPU that another does not see yet, first in, first out, as x86 has it: a load may
 * come before an older store. All CPUs run on the same memory; while another one runs, what has not
 * left the buffer is taken back.
 */
#pragma once

#include "explorer.hpp"

#include "cxxrt_model.hpp"

#include <vector>

namespace perfbuf::model
{

class store_buffer
{
public:
	explicit store_buffer(explorer &choices) : choices_(choices) {}

	/* Its CPU is about to do this. */
	void before(cxxrt::model::access kind, const volatile void *where, std::size_t bytes);
	/* The last of its stores is done. */
	void finish();
	/* Another CPU runs: of the stores, as many as chosen have left. */
	void hide();
	/* Its own CPU runs again. */
	void show();
	/* All have left. */
	void drain();

private:
	struct store {
		char *where;
		std::vector<char> old, now;
	};

	explorer &choices_;
	std::vector<store> stores_;
	bool storing_ = false;
};

} // namespace perfbuf::model
