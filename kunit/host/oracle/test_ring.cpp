// SPDX-License-Identifier: GPL-2.0
/* A ring of a random configuration, with its reader. */
#include "test_ring.hpp"

#include "../../support.h"
#include "../host.hpp"

#include "ring/write.hpp"

#include <cstdarg>
#include <cstdio>

namespace perfbuf::oracle
{

namespace
{

test_ring *at_hand;

constexpr u64 latency_ns = 1000;

} // namespace

void test_origin::write_trailer(reservation &into) const noexcept
{
	for (u32 done = 0; done < trailer_bytes; done += 8)
		into.put(trailer_word + done);
}

perf_buffer::options test_ring::choose_ring(const plan &planned, random &choices)
{
	static constexpr storage_kind kinds[] = {storage_kind::pages, storage_kind::pages,
						 storage_kind::vmalloc, storage_kind::mirrored};
	static constexpr u64 starts[] = {0, 0, 0xffffffff, ~u64{0}, u64{1} << 63};
	const storage_kind kind = kinds[choices.below(4)];
	/* A mirrored ring has pages of the host. */
	const bool overwrite = planned.overwrite && choices.once_in(2);
	const u32 pages = kind == storage_kind::mirrored ? 64
			  : overwrite			 ? 16u << choices.below(3)
							 : 2u << choices.below(6);
	const u64 size = u64{pages} << page_shift;
	const u64 start = starts[choices.below(5)] - choices.below(2 * size);

	return {.nr_pages = pages,
		.watermark = planned.whole_watermark
				     ? size
				     : (choices.once_in(4)   ? 0
					: choices.once_in(2) ? 8 + 8 * choices.below(size / 8)
							     : 1 + choices.below(size)),
		.overwrite = overwrite,
		.backward = planned.directions && choices.once_in(3),
		.storage = kind,
		.page_order = static_cast<u32>(choices.below(4)),
		.start = start & ~u64{7}};
}

test_ring::test_ring(const plan &of, u64 seed, bool traced)
	: planned(of), allocations(pb_test_live_allocations()), choices(seed), trace(traced),
	  trailer_bytes(static_cast<u32>(8 * choices.below(3) * choices.below(2))),
	  modulo(choices.once_in(4)),
	  every(planned.counts ? static_cast<u32>(choices.below(6)) : 0),
	  ring(perf_buffer::create(choose_ring(planned, choices)).take()),
	  largest(ring->overwrite() ? ring->size() : ring->size() - record_alignment),
	  contents(*ring, trailer_bytes)
{
	at_hand = this;
	reader.emplace(*ring);
	host::on_raise = [](const void *work) { at_hand->raised(work); };
	if (planned.latency && ring->set_wakeups(latency_ns, true)) {
		limited = true;
		reader->sends(true);
	}
	say("%llu bytes, watermark %llu, %s%s%s, start %#llx, trailer %u, one of %u%s",
	    ring->size(), ring->watermark(), ring->backward() ? "backward" : "forward",
	    ring->overwrite() ? ", overwrite" : "", limited ? ", latency" : "",
	    ring->user_page()->data_head, trailer_bytes, every, modulo ? ", modulo" : "");
}

const char *test_ring::free()
{
	if (!ring)
		return broken;
	host::on_raise = nullptr;
	elsewhere = true;
	/* The irq_work that was raised last may run when the ring is freed. */
	ring->repeat_wakeups();
	if (limited && !ring->set_wakeups(latency_ns, true))
		fail("no memory");
	reader.reset();
	ring.reset();
	host::reclaim();
	host::settle();
	if (pb_test_live_allocations() != allocations && !broken)
		broken = "memory of the ring is not freed";
	return broken;
}

void test_ring::raised(const void *work)
{
	const aside own(*this);

	reader->raised(work);
	say("      an irq_work is raised");
}

void test_ring::set_wakeups()
{
	if (!ring->set_wakeups(limited ? latency_ns : 0, !silent))
		fail("no memory");
}

void test_ring::read(bool may_be_part)
{
	if (ring->overwrite()) {
		read_overwrite();
		return;
	}
	if (const char *promise = contents.look()) {
		fail(promise);
		return;
	}

	const u64 head = ring->user_page()->data_head;
	u64 tail = reader->tail();

	if (ring->backward()) {
		if (const char *promise = contents.look_again(head, tail))
			fail(promise);
		tail = head;
	} else {
		const u64 from = tail;

		for (; tail != head && (!may_be_part || !choices.once_in(6));
		     tail += contents.bytes_at(tail))
			;
		if (const char *promise = contents.look_again(from, tail))
			fail(promise);
	}
	if (broken)
		return;
	reader->consume(tail, modulo ? tail & (ring->size() - 1) : tail);
	reader->poll();
	say("      read up to %#llx of %#llx, %s", tail, head,
	    reader->is_asleep() ? "sleeps" : "goes on");
}

void test_ring::read_overwrite()
{
	if (writers_inside)
		return;
	if (ring->backward())
		if (const char *promise = contents.look_back())
			fail(promise);
	reader->poll();
}

void test_ring::expire_alarms()
{
	if (limited)
		reader->latency_expires();
	/* An alarm has fewer accesses. */
	if (!writers_inside && planned.far_writes && choices.once_in(planned.far_writes))
		alarm_accesses = 1 + static_cast<u32>(choices.below(10));
	host::expire_alarms();
	alarm_accesses = 0;
}

void test_ring::fail(const char *promise)
{
	if (!broken)
		broken = promise;
	say("BROKEN: %s", promise);
}

void test_ring::say(const char *format, ...)
{
	if (!trace)
		return;

	const aside own(*this);
	std::va_list arguments;

	va_start(arguments, format);
	std::printf("  %4u  ", step);
	std::vprintf(format, arguments);
	std::printf("  [head %#llx, unread %llu]\n", ring->user_page()->data_head, ring->unread());
	va_end(arguments);
}

} // namespace perfbuf::oracle
