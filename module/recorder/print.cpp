// SPDX-License-Identifier: GPL-2.0
/*
 * The last events of all recorders, in the kernel's log, at a panic or an oops: in any context,
 * without a lock and without memory. How much is read is bounded by the rings, how much is printed
 * by what was asked for.
 */
#include "glue/recorder.h"
#include "recorder/line.hpp"
#include "recorder/registry.hpp"
#include "recorder/walk.hpp"

namespace perfbuf
{

namespace
{

struct newest {
	const recorder *of;
	const recorder_cpu *cpu;
	recorded record;
};

constexpr u32 print_max = 1024;
constexpr const char *overwritten = "(an event that was overwritten before it was printed)";

/*
 * A heap with the oldest on top; then in order. A panic has a heap of its own, because the CPU that
 * prints at an oops may go on for a moment.
 */
constinit newest heaps[PB_PRINT_TIMES][print_max];
/* Whether a CPU prints with the heap. */
constinit cxxrt::shared<u32> printing[PB_PRINT_TIMES];

bool is_older(const newest &a, const newest &b) noexcept
{
	return a.record.time < b.record.time ||
	       (a.record.time == b.record.time && a.record.position < b.record.position);
}

void sift_down(newest *found, u32 at, u32 count) noexcept
{
	for (;;) {
		u32 least = at;

		for (u32 child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
			if (is_older(found[child], found[least]))
				least = child;
		}
		if (least == at)
			return;
		std::swap(found[at], found[least]);
		at = least;
	}
}

void sift_up(newest *found, u32 at) noexcept
{
	for (; at && is_older(found[at], found[(at - 1) / 2]); at = (at - 1) / 2)
		std::swap(found[at], found[(at - 1) / 2]);
}

void add(newest *found, const newest &event, u32 &count, u32 most) noexcept
{
	if (count < most) {
		found[count] = event;
		sift_up(found, count++);
	} else if (is_older(found[0], event)) {
		found[0] = event;
		sift_down(found, 0, count);
	}
}

/* After it was read. At an oops other CPUs go on: what they overwrite is not what was found. */
bool is_still_there(const newest &event, pb_print_at at) noexcept
{
	const perf_buffer &ring = *event.cpu->ring;

	/* The other CPUs have stopped. */
	if (at == PB_PRINT_AT_PANIC)
		return ring.reserved() - event.record.position <= ring.size();
	return ring.holds_after_copy(event.record.position);
}

void print(pb_print_at at, u32 most) noexcept
{
	newest *const found = heaps[at];
	char line[recorded_line_bytes];
	u32 count = 0;
	u32 damaged = 0;

	most = cxxrt::min(most, print_max);
	for (const recorder *recorder = the_recorders().first(); recorder;
	     recorder = recorder->next.load_acquire()) {
		for (u32 i = 0; i < recorder->cpu_count(); i++) {
			ring_walk walk(*recorder, recorder->cpu(i));
			newest here = {recorder, &recorder->cpu(i), {}};

			while (walk.next(here.record)) {
				if (is_still_there(here, at))
					add(found, here, count, most);
			}
			damaged += walk.damaged();
		}
	}

	text_writer head(line, sizeof(line) - 1);

	head.string("the last ");
	head.decimal(count);
	head.string(" events of all recorders; ");
	head.decimal(damaged);
	head.string(" were incomplete or damaged");
	line[head.bytes()] = 0;
	pb_log_recorded(line);

	/* The top is the oldest: taken away one by one, they come in order. */
	for (u32 left = count; left; left--) {
		const newest &oldest = found[0];

		write_line(*oldest.of, *oldest.cpu, oldest.record, line);
		pb_log_recorded(is_still_there(oldest, at) ? line : overwritten);
		found[0] = found[left - 1];
		sift_down(found, 0, left - 1);
	}
}

} // namespace

} // namespace perfbuf

void perfbuf_print_recorded(enum pb_print_at at, __u32 events) noexcept
{
	using perfbuf::printing;

	if (!events || printing[at].exchange(1))
		return;
	perfbuf::print(at, events);
	printing[at].store_release(0);
}
