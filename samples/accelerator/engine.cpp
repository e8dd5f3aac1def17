// SPDX-License-Identifier: GPL-2.0
/* An accelerator: a ring of commands that the driver fills and the device empties. */
#include "engine.h"

#include <perfbuf/producer.hpp>

namespace
{

namespace pb = perfbuf::producer;

enum kind : pb::u8 { copy, fill, compute };

using submitted =
	pb::event<"submitted", pb::integer<pb::u32, "slot">,
		  pb::enumeration<pb::u8, "kind", pb::name{copy, "copy"}, pb::name{fill, "fill"},
				  pb::name{compute, "compute"}>,
		  pb::hex<pb::u64, "address">, pb::array<pb::u32, "size", 2>, pb::string<"label">>;

using completed =
	pb::event<"completed", pb::integer<pb::u32, "slot">, pb::integer<pb::s64, "latency">,
		  pb::flags<pb::u32, "status", pb::name{1, "late"}, pb::name{2, "error"}>,
		  pb::chars<"engine", 8>, pb::bytes<"registers">>;

/* All commands that one interrupt completes, as one burst. */
using retired = pb::event<"retired", pb::integer<pb::u32, "slot">, pb::integer<pb::u32, "of">>;

constexpr pb::u32 slots = PERFBUF_BURST_MAX;

struct command {
	pb::u64 submitted_at;
	kind type;
};

/* The ring of commands: a thread moves head, the interrupt moves tail. */
constinit command ring[slots];
constinit volatile pb::u32 head, tail;

constexpr const char *labels[] = {"move a page", "clear a page", "multiply"};

perfbuf_event *const events[] = {&submitted::object, &completed::object, &retired::object};
constexpr perfbuf_source_ops ops = {engine_start, engine_stop};

} // namespace

constinit perfbuf_source engine_source = {
	.name = "accelerator",
	.description = "commands and completions of a device that a timer stands for",
	.events = events,
	.event_count = 3,
	.mode = 0,
	.ops = &ops,
	.data = nullptr,
	.registered = nullptr,
};

void engine_submit() noexcept
{
	const pb::u32 at = head;

	if (at - tail == slots)
		return;

	command &made = ring[at % slots];
	const pb::u32 size[2] = {64, at};

	made = {engine_now(), static_cast<kind>(at % 3)};
	submitted::emit(at % slots, made.type, reinterpret_cast<pb::u64>(&made), size,
			labels[made.type]);
	asm volatile("" ::: "memory");
	head = at + 1;
}

void engine_interrupt() noexcept
{
	const pb::u32 first = tail;

	for (pb::u32 at = first; at != head; at++) {
		const command &done = ring[at % slots];
		const auto latency = static_cast<pb::s64>(engine_now() - done.submitted_at);
		const pb::u32 registers[] = {at, done.type};

		completed::emit(at % slots, latency, latency > 1000000 ? 1 : 0, "engine0",
				{registers, sizeof(registers)});
		asm volatile("" ::: "memory");
		tail = at + 1;
	}

	const pb::u32 done = tail - first;

	if (done)
		retired::emit_burst(
			done, [&](pb::u32 i, auto put) { return put((first + i) % slots, done); });
}
