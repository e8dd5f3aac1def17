/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the sources of generate.py call at run time: whether a mutation is the one
 * that is awake (the environment's PERFBUF_MUTANT). Places are noted as they are reached.
 */
#pragma once

#include <type_traits>

namespace mutant
{

inline constexpr unsigned numbers_max = 8192;

extern unsigned awake;
extern unsigned char reached[numbers_max];

inline bool on(unsigned number) noexcept
{
	reached[number] = 1;
	return awake == number;
}

template <typename T>
inline constexpr bool
	has_boundary = (std::is_integral_v<T> && !std::is_same_v<T, bool>) || std::is_pointer_v<T>;

/*
 * a < lt(n) > b stands for a < b: an operator of the same rank on each side. The mutations
 * are n (the boundary), n + 1 (off by 8) and n + 2 (off by -8).
 */
struct relation {
	unsigned number;
	bool less, equal;
};

template <typename T>
struct half_relation {
	relation how;
	T left;
};

inline relation lt(unsigned number) noexcept
{
	return {number, true, false};
}
inline relation le(unsigned number) noexcept
{
	return {number, true, true};
}
inline relation gt(unsigned number) noexcept
{
	return {number, false, false};
}
inline relation ge(unsigned number) noexcept
{
	return {number, false, true};
}

template <typename T>
half_relation<T> operator<(T left, relation how) noexcept
{
	return {how, left};
}

template <typename T, typename U>
bool operator>(half_relation<T> half, U right) noexcept
{
	const bool equal = half.how.equal != on(half.how.number);

	if constexpr (has_boundary<T>) {
		if (on(half.how.number + 1))
			half.left += 8;
		if (on(half.how.number + 2))
			half.left -= 8;
	}
	if (half.how.less)
		return equal ? half.left <= right : half.left < right;
	return equal ? half.left >= right : half.left > right;
}

struct equality {
	unsigned number;
	bool equal;
};

template <typename T>
struct half_equality {
	equality how;
	T left;
};

inline equality eq(unsigned number) noexcept
{
	return {number, true};
}
inline equality ne(unsigned number) noexcept
{
	return {number, false};
}

template <typename T>
half_equality<T> operator==(T left, equality how) noexcept
{
	return {how, left};
}

template <typename T, typename U>
bool operator==(half_equality<T> half, U right) noexcept
{
	return (half.left == right) == (half.how.equal != on(half.how.number));
}

struct plus_sign {
	unsigned number;
};
struct minus_sign {
	unsigned number;
};
struct and_sign {
	unsigned number;
};

template <typename T>
struct half_plus {
	unsigned number;
	T left;
};
template <typename T>
struct half_minus {
	unsigned number;
	T left;
};
template <typename T>
struct half_and {
	unsigned number;
	T left;
};

inline plus_sign plus(unsigned number) noexcept
{
	return {number};
}
inline minus_sign minus(unsigned number) noexcept
{
	return {number};
}
inline and_sign mask(unsigned number) noexcept
{
	return {number};
}

template <typename T>
half_plus<T> operator+(T left, plus_sign how) noexcept
{
	return {how.number, left};
}
template <typename T>
half_minus<T> operator-(T left, minus_sign how) noexcept
{
	return {how.number, left};
}
template <typename T>
half_and<T> operator&(T left, and_sign how) noexcept
{
	return {how.number, left};
}

template <typename T, typename U>
auto operator+(half_plus<T> half, U right) noexcept -> decltype(half.left + right)
{
	if (on(half.number))
		return half.left - right;
	return half.left + right;
}

template <typename T, typename U>
auto operator-(half_minus<T> half, U right) noexcept -> decltype(half.left - right)
{
	/* Two pointers have a difference and no sum. */
	if constexpr (requires { half.left + right; })
		if (on(half.number))
			return half.left + right;
	return half.left - right;
}

template <typename T, typename U>
auto operator&(half_and<T> half, U right) noexcept -> decltype(half.left & right)
{
	return on(half.number) ? static_cast<decltype(half.left & right)>(half.left)
			       : half.left & right;
}

/* negate(n) % x stands for !x. */
struct negation {
	unsigned number;
};

inline negation negate(unsigned number) noexcept
{
	return {number};
}

template <typename T>
bool operator%(negation how, const T &value) noexcept
{
	return static_cast<bool>(value) == on(how.number);
}

inline bool branch(unsigned number, bool is) noexcept
{
	return (is || on(number)) && !on(number + 1);
}
inline bool loop(unsigned number, bool is) noexcept
{
	return !on(number) && is;
}
inline bool operand_true(unsigned number, bool is) noexcept
{
	return on(number) || is;
}
inline bool operand_false(unsigned number, bool is) noexcept
{
	return !on(number) && is;
}
inline bool flag(unsigned number, bool is) noexcept
{
	return is != on(number);
}

/* One more; of 1, with the next mutation, one less. */
template <typename T>
T number(unsigned number, T value) noexcept
{
	if (on(number))
		return value + 1;
	return value == 1 && on(number + 1) ? 0 : value;
}

/* Between braces a value must have the type that is wanted. */
struct any_number {
	unsigned long long value;

	template <typename T>
	operator T() const noexcept
	{
		return static_cast<T>(value);
	}
};

inline any_number number_in_braces(unsigned number, unsigned long long value) noexcept
{
	return {mutant::number(number, value)};
}

} // namespace mutant
