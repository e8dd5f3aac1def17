/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64: only a load may be seen before an earlier store, so smp_wmb() and smp_rmb() are for the
 * compiler. One instruction that reads and writes memory is atomic on its CPU without a lock
 * prefix, and a comparison or a sum takes its operand from memory, which compilers do not do with a
 * volatile access.
 */
#pragma once

#include <cxxrt/arch/generic.hpp>

namespace cxxrt::arch::x86
{

using generic::after_rmw;
using generic::load;

inline void wmb() noexcept
{
	asm volatile("" ::: "memory");
}

inline void rmb() noexcept
{
	asm volatile("" ::: "memory");
}

inline void mb() noexcept
{
	asm volatile("lock; addl $0,-4(%%rsp)" ::: "memory", "cc");
}

template <typename T>
inline bool equals(const T &from, std::type_identity_t<T> value) noexcept
{
	if constexpr ((std::is_integral_v<T> && sizeof(T) == 4) || sizeof(T) == 8) {
		bool same;

		if constexpr (sizeof(T) == 8)
			asm volatile("cmpq %2, %1"
				     : "=@cce"(same)
				     : "m"(from), "er"(__builtin_bit_cast(u64, value)));
		else
			asm volatile("cmpl %2, %1" : "=@cce"(same) : "m"(from), "ir"(value));
		return same;
	} else {
		return load(from) == value;
	}
}

inline bool at_least(const u64 &from, s64 value) noexcept
{
	bool is;

	asm volatile("cmpq %2, %1" : "=@ccge"(is) : "m"(from), "er"(value));
	return is;
}

inline bool not_before(const u64 &from, u64 value) noexcept
{
	bool is;

	asm volatile("cmpq %2, %1" : "=@ccns"(is) : "m"(from), "er"(value));
	return is;
}

inline bool not_after(const u64 &from, u64 value) noexcept
{
	bool is;

	asm volatile("cmpq %1, %2" : "=@ccns"(is) : "m"(from), "r"(value));
	return is;
}

inline u64 plus(const u64 &from, u64 value) noexcept
{
	asm volatile("addq %1, %0" : "+r"(value) : "m"(from) : "cc");
	return value;
}

inline void copy(void *to, const void *from, std::size_t bytes) noexcept
{
#ifndef CONFIG_KASAN
	/* For a header or a few words a call costs as much as the copy. */
	if (!__builtin_constant_p(bytes)) {
		if (bytes == sizeof(u64)) {
			__builtin_memcpy(to, from, sizeof(u64));
			return;
		}
		if (!(bytes % sizeof(u64))) {
			std::size_t words = bytes / sizeof(u64);

			asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
			return;
		}
	}
#endif
	__builtin_memcpy(to, from, bytes);
}

template <typename T>
inline void local_add(T &to, T by) noexcept
{
	if constexpr (sizeof(T) == 8)
		asm volatile("addq %1, %0" : "+m"(to) : "er"(by) : "memory", "cc");
	else
		asm volatile("addl %1, %0" : "+m"(to) : "ir"(by) : "memory", "cc");
}

inline bool local_dec_and_test(u32 &from) noexcept
{
	bool is_zero;

	asm volatile("decl %1" : "=@ccz"(is_zero), "+m"(from) : : "memory");
	return is_zero;
}

inline void local_or(u32 &to, u32 bits) noexcept
{
	asm volatile("orl %1, %0" : "+m"(to) : "ir"(bits) : "memory", "cc");
}

template <typename T>
inline bool local_cmpxchg(T &to, T &expected, T desired) noexcept
{
	bool done;

	if constexpr (sizeof(T) == 8)
		asm volatile("cmpxchgq %3, %1"
			     : "=@ccz"(done), "+m"(to), "+a"(expected)
			     : "r"(desired)
			     : "memory");
	else
		asm volatile("cmpxchgl %3, %1"
			     : "=@ccz"(done), "+m"(to), "+a"(expected)
			     : "r"(desired)
			     : "memory");
	return done;
}

} // namespace cxxrt::arch::x86
