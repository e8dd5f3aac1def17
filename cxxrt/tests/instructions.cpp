// SPDX-License-Identifier: GPL-2.0
/*
 * Each operation of cxxrt/memory_model.hpp between two plain stores and two plain loads of the same
 * words, which a compiler makes one of if it may: instructions.py looks at what it makes of them.
 */
#include <cxxrt/memory_model.hpp>

using cxxrt::u32;
using cxxrt::u64;

/* Of a type that no word has, so that only the operation itself keeps them in place. */
extern short before, after;

#define BETWEEN(name, type, operation)                                                             \
	extern "C" int name(type &word)                                                            \
	{                                                                                          \
		before = 1;                                                                        \
		const short first = after;                                                         \
		operation;                                                                         \
		before = 2;                                                                        \
		return first - after;                                                              \
	}

BETWEEN(barrier, u64, (void)word; cxxrt::barrier())
BETWEEN(wmb, u64, (void)word; cxxrt::smp_wmb())
BETWEEN(rmb, u64, (void)word; cxxrt::smp_rmb())
BETWEEN(mb, u64, (void)word; cxxrt::smp_mb())
BETWEEN(read_once, u64, (void)cxxrt::read_once(word))
BETWEEN(write_once, u64, cxxrt::write_once(word, 2))
BETWEEN(load_acquire, u64, (void)cxxrt::load_acquire(word))
BETWEEN(store_release, u64, cxxrt::store_release(word, 2))
BETWEEN(shared_fetch_add, cxxrt::shared<u64>, word.fetch_add(2))
BETWEEN(shared_fetch_or, cxxrt::shared<u32>, word.fetch_or(2))
BETWEEN(shared_fetch_and, cxxrt::shared<u32>, word.fetch_and(2))
BETWEEN(shared_try_cmpxchg, cxxrt::shared<u64>, word.try_cmpxchg(2, 3))
BETWEEN(shared_exchange, cxxrt::shared<u64>, word.exchange(2))
BETWEEN(local_add, cxxrt::local<u64>, word.add(2))
BETWEEN(local_add_32, cxxrt::local<u32>, word.add(2))
BETWEEN(local_dec_and_test, cxxrt::local<u32>, (void)word.dec_and_test())
BETWEEN(local_set_bits, cxxrt::local<u32>, word.set_bits(2))
BETWEEN(local_try_cmpxchg, cxxrt::local<u64>, u64 expected = 2; word.try_cmpxchg(expected, 3))
BETWEEN(local_exchange, cxxrt::local<u64>, word.exchange(2))
