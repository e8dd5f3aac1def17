/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The curated standard library: what of libstdc++'s freestanding headers the
 * project uses. A header that is not named here needs a reason and a line
 * here; <algorithm>, <functional>, <memory>, <string_view> and <chrono> pull in
 * hosted code and never come.
 */
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include <asm/errno.h>

namespace cxxrt
{

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
/* As uapi's __u64, not as std::uint64_t: a pointer to one is a pointer to the other. */
using u64 = unsigned long long;
using s32 = std::int32_t;
using s64 = long long;

/* <algorithm> is hosted; these are the three of it that the project needs. */
template <typename T>
constexpr T min(T a, T b) noexcept
{
	return b < a ? b : a;
}

template <typename T>
constexpr T max(T a, T b) noexcept
{
	return a < b ? b : a;
}

/* @to is a power of two. */
template <std::unsigned_integral T>
constexpr T round_up(T value, std::type_identity_t<T> to) noexcept
{
	return (value + (to - 1)) & ~(to - 1);
}

/* std::popcount may call libgcc, which the kernel has not. */
constexpr u32 count_bits(u64 value) noexcept
{
	u32 bits = 0;

	for (; value; value &= value - 1)
		bits++;
	return bits;
}

/* From a member to the object that contains it: container_of for standard-layout types. */
#define CXXRT_CONTAINER_OF(pointer, type, member)                                                  \
	reinterpret_cast<type *>(reinterpret_cast<char *>(pointer) -                               \
				 __builtin_offsetof(type, member))

} // namespace cxxrt
