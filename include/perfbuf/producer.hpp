/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perfbuf for producers in C++20 (freestanding, no exceptions): the events of
 * <perfbuf/producer.h>, declared by types. Kernel headers are not C++, so the
 * module's init and exit are in a C file, which registers the perfbuf_source that
 * a C++ file defines. See samples/accelerator.
 *
 *	namespace pb = perfbuf::producer;
 *
 *	using submit = pb::event<"submit", pb::integer<pb::u32, "queue">,
 *				 pb::enumeration<pb::u8, "kind", pb::name{0, "copy"}, pb::name{1,
 *"fill"}>, pb::string<"label">>;
 *
 *	submit::emit(3, 1, "hello");
 *
 * Contexts, errors and costs are those of perfbuf_emit().
 */
#ifndef PERFBUF_PRODUCER_HPP
#define PERFBUF_PRODUCER_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <linux/types.h>
#include <perfbuf/aux.hpp>
#include <perfbuf/burst.h>
#include <perfbuf/event.h>

/* What stands at a static branch that is not taken, where the jump table is relative. */
#if defined(CONFIG_JUMP_LABEL) && defined(__x86_64__)
#define PERFBUF_JUMP_LABEL_NOP ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"
#elif defined(CONFIG_JUMP_LABEL) && defined(__aarch64__)
#define PERFBUF_JUMP_LABEL_NOP "nop"
#endif

extern "C" {
void *perfbuf_emit_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
			 void *spare, const struct perfbuf_part *parts, __u32 part_count) noexcept;
void *perfbuf_emit_next(struct perfbuf_emission *emission) noexcept;
/* The same of an event without parts, whose spare follows the emission in memory. */
void *perfbuf_fixed_emit(struct perfbuf_emission *emission, struct perfbuf_event *event) noexcept;
void *perfbuf_fixed_next(struct perfbuf_emission *emission) noexcept;

/* A devcoredump of the source's recorder: as in <perfbuf/producer.h>. */
struct device;
int perfbuf_recorder_dump(struct perfbuf_source *source, struct device *device) noexcept;
}

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

/* A string as a template's argument. */
template <std::size_t N>
struct text {
	char value[N];

	constexpr text(const char (&from)[N]) noexcept
	{
		for (std::size_t i = 0; i < N; i++)
			value[i] = from[i];
	}
};

/* The name of a bit or of a value. */
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

/* A number, which stands in the payload as it is. */
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

/* What stands behind the fixed part. */
template <text Name, u8 Kind>
struct part {
	static constexpr u32 size = sizeof(u32);
	static constexpr u32 parts = 1;

	static constexpr perfbuf_field describe(u32 offset) noexcept
	{
		return {Kind == PERFBUF_KIND_STRING ? "char" : "u8",
			Name.value,
			nullptr,
			offset,
			size,
			0,
			Kind,
			0};
	}

	template <typename T>
	[[gnu::always_inline]] static void store(char *to, const T &, u32 where) noexcept
	{
		__builtin_memcpy(to, &where, sizeof(where));
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

/* Argument: a string; what is longer is cut. nullptr: empty. */
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
struct string : detail::part<Name, PERFBUF_KIND_STRING> {
	using argument = const char *;

	[[gnu::always_inline]] static perfbuf_part find(const char *text) noexcept
	{
		const char *from = text ? text : "(null)";

		return {from, static_cast<u32>(__builtin_strlen(from)) + 1};
	}
};

template <text Name>
struct bytes : detail::part<Name, PERFBUF_KIND_BYTES> {
	using argument = perfbuf_part;

	[[gnu::always_inline]] static perfbuf_part find(perfbuf_part from) noexcept { return from; }
};

/* All of it is static: an event is a type. */
template <text Name, typename... Fields>
class event
{
	static constexpr u32 fixed_bytes = sizeof(perfbuf_common) + (Fields::size + ... + 0u);
	static constexpr u32 part_count = (Fields::parts + ... + 0u);
	static_assert(fixed_bytes <= PERFBUF_FIXED_MAX, "the fixed part of an event is too long");

	struct fields_of {
		perfbuf_field fields[sizeof...(Fields) + 1] = {};

		constexpr fields_of() noexcept
		{
			u32 offset = sizeof(perfbuf_common);
			u32 n = 0;

			((fields[n++] = Fields::describe(offset), offset += Fields::size), ...);
		}
	};
	static constexpr fields_of layout{};

	static void describe(perfbuf_layout *out) noexcept
	{
		*out = {layout.fields, sizeof...(Fields), fixed_bytes};
	}

public:
	/* One static branch. */
	[[gnu::always_inline]] static bool enabled() noexcept
	{
#ifdef PERFBUF_JUMP_LABEL_NOP
		/* As arch_static_branch() has it. */
		asm goto("1:\n\t" PERFBUF_JUMP_LABEL_NOP "\n\t"
			 ".pushsection __jump_table, \"aw\"\n\t"
			 ".balign 8\n\t"
			 ".long 1b - .\n\t"
			 ".long %l[listened] - .\n\t"
			 ".quad %c0 - .\n\t"
			 ".popsection"
			 :
			 : "i"(&object)
			 :
			 : listened);
		return false;
	listened:
		return true;
#else
		return *reinterpret_cast<const volatile int *>(&object.listened);
#endif
	}

	/*
	 * Records one occurrence. In a function that is not inline itself, or the linker may drop
	 * the function and keep its branch.
	 */
	[[gnu::always_inline]] static void emit(typename Fields::argument... arguments) noexcept
	{
		if (enabled()) [[unlikely]]
			write(arguments...);
	}

	/* That a record of a burst is stored: what the functor of emit_burst() returns. */
	class stored
	{
		friend class event;
		constexpr stored() noexcept = default;
	};

	/*
	 * Records @count occurrences: perfbuf_emit_burst() of <perfbuf/producer.h>, of an event
	 * of a fixed size. @record is called as often as perfbuf evaluates the fields of a record:
	 *
	 *	done::emit_burst(n, [&](pb::u32 i, auto put) {
	 *		return put(queue[i].tag, queue[i].status);
	 *	});
	 */
	template <typename Record>
	[[gnu::always_inline]] static void emit_burst(u32 count, Record &&record) noexcept
	{
		static_assert(!part_count, "a burst is of an event of a fixed size");
		if (enabled()) [[unlikely]]
			write_burst(count, record);
	}

	/* For perfbuf_source.events. */
	static inline constinit perfbuf_event object = {
		.listened = {},
		.cpus = nullptr,
		.name = Name.value,
		.describe = describe,
		.bytes = fixed_bytes,
		.id = 0,
		.registered = nullptr,
	};

private:
	/* The parts, in their order, and for each field where its part will stand. */
	template <typename Field>
	[[gnu::always_inline]] static u32 find(perfbuf_part *parts, u32 &n, u32 &at,
					       typename Field::argument argument) noexcept
	{
		if constexpr (Field::parts) {
			parts[n] = Field::find(argument);

			const u32 where = at | parts[n].bytes << 16;

			at += parts[n++].bytes;
			return where;
		}
		return 0;
	}

	[[gnu::always_inline]] static void write(typename Fields::argument... arguments) noexcept
	{
		struct on_stack {
			perfbuf_emission emission;
			char spare[fixed_bytes];
		};
		__attribute__((uninitialized)) on_stack mine;
		__attribute__((uninitialized)) perfbuf_part parts[part_count + 1];
		u32 n = 0;
		u32 behind = fixed_bytes;
		/* In braces, so from the first to the last. */
		const u32 where[] = {find<Fields>(parts, n, behind, arguments)..., 0};
		const auto next = [&mine]() noexcept {
			return part_count ? perfbuf_emit_next(&mine.emission)
					  : perfbuf_fixed_next(&mine.emission);
		};

		for (void *payload = part_count ? perfbuf_emit_begin(&mine.emission, &object,
								     mine.spare, parts, n)
						: perfbuf_fixed_emit(&mine.emission, &object);
		     payload; payload = next()) {
			store(payload, where, arguments...);
		}
	}

	[[gnu::always_inline]] static void store(void *payload, const u32 *where,
						 typename Fields::argument... arguments) noexcept
	{
		char *to = static_cast<char *>(payload) + sizeof(perfbuf_common);
		u32 i = 0;

		((Fields::store(to, arguments, where[i++]), to += Fields::size), ...);
	}

	template <typename Record>
	[[gnu::always_inline]] static void write_burst(u32 count, Record &record) noexcept
	{
		struct on_stack {
			perfbuf_burst burst;
			char spare[fixed_bytes];
		};
		__attribute__((uninitialized)) on_stack mine;

		for (void *payload = perfbuf_burst_begin(&mine.burst, &object, count); payload;
		     payload = perfbuf_burst_next(&mine.burst, payload)) {
			const auto put =
				[payload](typename Fields::argument... arguments) noexcept {
					constexpr u32 nowhere[sizeof...(Fields) + 1] = {};

					store(payload, nowhere, arguments...);
					return stored();
				};
			const stored done = record(mine.burst.index, put);

			(void)done;
		}
	}
};

} // namespace perfbuf::producer

#endif /* PERFBUF_PRODUCER_HPP */
