/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arm64: loads and stores are seen in any order that barriers do not forbid. The barriers are those
 * of arch/arm64/include/asm/barrier.h, the full order of read-modify-writes that of atomic_ll_sc.h.
 *
 * The builtins of generic.hpp make loops of ldxr and stxr (-mno-outline-atomics: a module cannot
 * link the functions that choose LSE). An exception clears the exclusive monitor, so a local_ one
 * that is interrupted between the two begins again, and needs no barrier.
 */
#pragma once

#include <cxxrt/arch/generic.hpp>

namespace cxxrt::arch::arm64
{

using generic::at_least;
using generic::copy;
using generic::equals;
using generic::load;
using generic::local_add;
using generic::local_cmpxchg;
using generic::local_dec_and_test;
using generic::local_or;
using generic::not_after;
using generic::not_before;
using generic::plus;

inline void wmb() noexcept
{
	asm volatile("dmb ishst" ::: "memory");
}

inline void rmb() noexcept
{
	asm volatile("dmb ishld" ::: "memory");
}

inline void mb() noexcept
{
	asm volatile("dmb ish" ::: "memory");
}

/* Other CPUs may see an access that follows ldaxr and stlxr before the store of stlxr. */
inline void after_rmw() noexcept
{
	mb();
}

} // namespace cxxrt::arch::arm64
