// SPDX-License-Identifier: GPL-2.0
/*
 * cxxrt/runtime.cpp defines operator delete, for the whole program: it ends in
 * free(). So every operator new of the program has to begin in malloc(), or a
 * sanitizer would rightly complain of a pair that does not match.
 */
#include <cstdlib>
#include <new>

void *operator new(std::size_t bytes)
{
	void *made = std::malloc(bytes ? bytes : 1);

	if (!made)
		std::abort();
	return made;
}

void *operator new[](std::size_t bytes)
{
	return operator new(bytes);
}

void *operator new(std::size_t bytes, const std::nothrow_t &) noexcept
{
	return std::malloc(bytes ? bytes : 1);
}

void *operator new[](std::size_t bytes, const std::nothrow_t &) noexcept
{
	return std::malloc(bytes ? bytes : 1);
}

void operator delete[](void *memory) noexcept
{
	operator delete(memory);
}

void operator delete[](void *memory, std::size_t) noexcept
{
	operator delete(memory);
}

void operator delete(void *memory, const std::nothrow_t &) noexcept
{
	operator delete(memory);
}

void operator delete[](void *memory, const std::nothrow_t &) noexcept
{
	operator delete(memory);
}
