/* SPDX-License-Identifier: GPL-2.0 */
/* Several CPUs that write at once. */
#pragma once

#include "measure.hpp"

#include <span>

struct row_of_several {
	row of;
	bool shared = false; /* one ring for all CPUs */
};

/*
 * Has each peer write on one CPU and on all of them, in turn, checks what came, and prints the
 * table: how long a record takes over what it takes alone, and ours over the peer's, @ours being a
 * row.
 */
void print_several(int bench, std::span<const row_of_several> rows, size_t ours,
		   unsigned repetitions, unsigned batches);
