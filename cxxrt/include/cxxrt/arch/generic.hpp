/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations that cxxrt/memory_model.hpp needs, by the compiler's builtins: correct on
 * every architecture, and understood by sanitizers. A file for an architecture (x86.hpp, arm64.hpp)
 * defines the same functions with the instructions that its kernel executes.
 *
 * The read-modify-writes with local_ are atomic towards the interrupts and NMIs of their CPU, and
 * the compiler moves nothing across them. The others are fully ordered, as those of the kernel
 * without _relaxed, _acquire or _release in their names.
 */
#pragma once

#include <cxxrt/std.hpp>

namespace cxxrt::arch::generic
{

inline void wmb() noexcept
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

inline void rmb() noexcept
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

inline void mb() noexcept
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The barrier that follows a fully ordered read-modify-write. */
inline void after_rmw() noexcept
{
}

/* As read_once(): one access, which stays where it is. */
template <typename T>
inline T load(const T &from) noexcept
{
#ifdef CXXRT_AS_IN_KERNEL
	return *static_cast<const volatile T *>(&from);
#else
	return __atomic_load_n(&from, __ATOMIC_RELAXED);
#endif
}

template <typename T>
inline bool equals(const T &from, std::type_identity_t<T> value) noexcept
{
	return load(from) == value;
}

inline bool at_least(const u64 &from, s64 value) noexcept
{
	return static_cast<s64>(load(from)) >= value;
}

inline bool not_before(const u64 &from, u64 value) noexcept
{
	return static_cast<s64>(load(from) - value) >= 0;
}

inline bool not_after(const u64 &from, u64 value) noexcept
{
	return static_cast<s64>(value - load(from)) >= 0;
}

inline u64 plus(const u64 &from, u64 value) noexcept
{
	return load(from) + value;
}

inline void copy(void *to, const void *from, std::size_t bytes) noexcept
{
	__builtin_memcpy(to, from, bytes);
}

/* A signal fence is nothing but the compiler's order. */
template <typename T>
inline void local_add(T &to, T by) noexcept
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_fetch_add(&to, by, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

inline bool local_dec_and_test(u32 &from) noexcept
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	const bool is_zero = __atomic_sub_fetch(&from, 1, __ATOMIC_RELAXED) == 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return is_zero;
}

inline void local_or(u32 &to, u32 bits) noexcept
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_fetch_or(&to, bits, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* True: @to was @expected and now is @desired; otherwise @expected is what it was. */
template <typename T>
inline bool local_cmpxchg(T &to, T &expected, T desired) noexcept
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	const bool done = __atomic_compare_exchange_n(&to, &expected, desired, false,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return done;
}

} // namespace cxxrt::arch::generic
