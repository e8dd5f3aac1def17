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

#include <linux/types.h>
#include <perfbuf/aux.hpp>
#include <perfbuf/burst.h>
#include <perfbuf/event.h>
#include <perfbuf/fields.hpp>

/* The instruction at a static branch that is not taken, where the jump table is relative. */
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
