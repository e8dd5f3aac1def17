/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that follow from a seed, the same with every library. */
#pragma once

#include <cxxrt/std.hpp>

namespace perfbuf::oracle
{

class random
{
public:
	explicit random(cxxrt::u64 seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}

	/* 0 to @count - 1. */
	cxxrt::u64 below(cxxrt::u64 count) { return count ? next() % count : 0; }
	/* True once in @of times; never if 0. */
	bool once_in(cxxrt::u64 of) { return of && !below(of); }

private:
	/* splitmix64 */
	cxxrt::u64 next()
	{
		cxxrt::u64 mixed = state_ += 0x9e3779b97f4a7c15ULL;

		mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
		mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
		return mixed ^ (mixed >> 31);
	}

	cxxrt::u64 state_;
};

} // namespace perfbuf::oracle
