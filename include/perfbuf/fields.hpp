/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kinds of fields of a C++ event: <perfbuf/producer.hpp> includes it, and docs/producer.md
 * lists them. Each type has the argument that emit() takes for the field, its size in the fixed
 * part of the payload, and how many parts behind it the field has (0 or 1).
 */
#ifndef PERFBUF_FIELDS_HPP
#define PERFBUF_FIELDS_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <linux/types.h>
#include <perfbuf/event.h>

namespace perfbuf::producer
{

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = __u64;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = __s64;

/* A string literal as an argument of a template. */
template <std::size_t N>
struct text {
	char value[N];

	constexpr text(const char (&from)[N]) noexcept
	{
		for (std::size_t i = 0; i < N; i++)
			value[i] = from[i];
	}
};

/* The name of a bit (flags) or of a value (enumeration). */
template <std::size_t N>
struct name {
	u64 value;
	text<N> shown;

	constexpr name(s64 of, const char (&as)[N]) noexcept
		: value(static_cast<u64>(of)), shown(as)
	{
	}
};

namespace detail
{

template <typename T>
constexpr const char *type_name() noexcept
{
	static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>, "u8 to u64, s8 to s64");
	constexpr const char *names[2][4] = {{"u8", "u16", "u32", "u64"},
					     {"s8", "s16", "s32", "s64"}};

	return names[std::is_signed_v<T>][sizeof(T) == 1   ? 0
					  : sizeof(T) == 2 ? 1
					  : sizeof(T) == 4 ? 2
							   : 3];
}

template <auto... Names>
inline constexpr perfbuf_name table[] = {{Names.value, Names.shown.value}..., {0, nullptr}};

/* A field that is a number in the fixed part of the payload. */
template <typename T, text Name, u8 Kind, auto... Names>
struct number {
	using argument = T;
	static constexpr u32 size = sizeof(T);
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {type_name<T>(),
			Name.value,
			sizeof...(Names) ? table<Names...> : nullptr,
			offset,
			size,
			1,
			Kind,
			std::is_signed_v<T>};
	}

	[[gnu::always_inline]] static void store(char *to, T value, u32) noexcept
	{
		__builtin_memcpy(to, &value, sizeof(value));
	}
};

template <typename T>
constexpr const char *type_of_part() noexcept
{
	if constexpr (std::is_same_v<T, char>)
		return "char";
	else
		return type_name<T>();
}

/* A field whose bytes lie behind the fixed part; the fixed part has their offset and size. @T: an
 * element. */
template <typename T, text Name, u8 Kind>
struct part {
	static constexpr u32 size = sizeof(u32);
	static constexpr u32 parts = 1;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {type_of_part<T>(),
			Name.value,
			nullptr,
			offset,
			size,
			0,
			Kind,
			std::is_signed_v<T> && Kind == PERFBUF_KIND_DYNAMIC_ARRAY};
	}

	template <typename Argument>
	[[gnu::always_inline]] static void store(char *to, const Argument &, u32 where) noexcept
	{
		__builtin_memcpy(to, &where, sizeof(where));
	}
};

/* A field of @Bytes bytes, such as an address. Argument: a reference to an array of them. */
template <text Name, u32 Bytes, u8 Kind>
struct octets {
	using argument = const u8 (&)[Bytes];
	static constexpr u32 size = Bytes;
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {"u8", Name.value, nullptr, offset, size, Bytes, Kind, 0};
	}

	[[gnu::always_inline]] static void store(char *to, argument from, u32) noexcept
	{
		__builtin_memcpy(to, from, size);
	}
};

} // namespace detail

template <typename T, text Name>
using integer = detail::number<T, Name, PERFBUF_KIND_INT>;
template <typename T, text Name>
using hex = detail::number<T, Name, PERFBUF_KIND_HEX>;
template <text Name>
using time = detail::number<u64, Name, PERFBUF_KIND_TIME>;
template <typename T, text Name, auto... Names>
using flags = detail::number<T, Name, PERFBUF_KIND_FLAGS, Names...>;
template <typename T, text Name, auto... Names>
using enumeration = detail::number<T, Name, PERFBUF_KIND_ENUM, Names...>;

/* Argument: a reference to an array. */
template <typename T, text Name, u32 Count>
struct array {
	using argument = const T (&)[Count];
	static constexpr u32 size = Count * sizeof(T);
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {detail::type_name<T>(), Name.value,	    nullptr, offset, size, Count,
			PERFBUF_KIND_ARRAY,	std::is_signed_v<T>};
	}

	[[gnu::always_inline]] static void store(char *to, argument from, u32) noexcept
	{
		__builtin_memcpy(to, from, size);
	}
};

/* Argument: a string, which is cut to Bytes - 1 characters. nullptr: an empty string. */
template <text Name, u32 Bytes>
struct chars {
	using argument = const char *;
	static constexpr u32 size = Bytes;
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {"char", Name.value, nullptr, offset, size, Bytes, PERFBUF_KIND_CHARS, 1};
	}

	[[gnu::always_inline]] static void store(char *to, const char *from, u32) noexcept
	{
		u32 n = 0;

		for (; from && n < Bytes - 1 && from[n]; n++)
			to[n] = from[n];
		for (; n < Bytes; n++)
			to[n] = 0;
	}
};

/* Argument: a string; nullptr: "(null)". */
template <text Name>
struct string : detail::part<char, Name, PERFBUF_KIND_STRING> {
	using argument = const char *;

	[[gnu::always_inline]] static perfbuf_part find(const char *text) noexcept
	{
		const char *from = text ? text : "(null)";

		return {from, static_cast<u32>(__builtin_strlen(from)) + 1};
	}
};

template <text Name>
struct bytes : detail::part<u8, Name, PERFBUF_KIND_BYTES> {
	using argument = perfbuf_part;

	[[gnu::always_inline]] static perfbuf_part find(perfbuf_part from) noexcept { return from; }
};

/* Argument of dynamic_array. */
template <typename T>
struct elements {
	const T *from;
	u32 count;
};

/* An array whose length is known when the event is emitted. */
template <typename T, text Name>
struct dynamic_array : detail::part<T, Name, PERFBUF_KIND_DYNAMIC_ARRAY> {
	using argument = elements<T>;

	[[gnu::always_inline]] static perfbuf_part find(elements<T> from) noexcept
	{
		/* The limit keeps the product from wrapping. A record cannot hold so many, so it is
		 * refused later. */
		constexpr u32 most = 0x10000;

		return {from.from, (from.count < most ? from.count : most) * u32{sizeof(T)}};
	}
};

template <text Name>
struct boolean {
	using argument = bool;
	static constexpr u32 size = 1;
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {"bool", Name.value, nullptr, offset, size, 1, PERFBUF_KIND_BOOL, 0};
	}

	[[gnu::always_inline]] static void store(char *to, bool value, u32) noexcept
	{
		*to = value;
	}
};

/* A reader without CAP_PERFMON gets a hash of it, which is what %p prints. */
template <text Name>
struct pointer {
	using argument = const void *;
	static constexpr u32 size = sizeof(u64);
	static constexpr u32 parts = 0;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {"void *", Name.value, nullptr, offset, size, 1, PERFBUF_KIND_POINTER, 0};
	}

	[[gnu::always_inline]] static void store(char *to, const void *from, u32) noexcept
	{
		const u64 value = reinterpret_cast<unsigned long>(from);

		__builtin_memcpy(to, &value, sizeof(value));
	}
};

/* In network order. */
template <text Name>
using ipv4 = detail::octets<Name, 4, PERFBUF_KIND_IPV4>;
template <text Name>
using ipv6 = detail::octets<Name, 16, PERFBUF_KIND_IPV6>;
template <text Name>
using mac = detail::octets<Name, 6, PERFBUF_KIND_MAC>;
template <text Name>
using uuid = detail::octets<Name, 16, PERFBUF_KIND_UUID>;

} // namespace perfbuf::producer

#endif /* PERFBUF_FIELDS_HPP */
