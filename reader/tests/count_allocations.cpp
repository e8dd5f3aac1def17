// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Counts the allocations of a test program, by operators new and delete of its own.
#include "count_allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<uint64_t> count;

uint64_t perfbuf::tests::allocations()
{
	return count;
}

void *operator new(size_t size)
{
	count++;
	if (void *memory = std::malloc(size ? size : 1))
		return memory;
	throw std::bad_alloc();
}

void operator delete(void *memory) noexcept
{
	std::free(memory);
}

void operator delete(void *memory, size_t) noexcept
{
	std::free(memory);
}
