// SPDX-License-Identifier: GPL-2.0
/* A recorder's events and rings. How it is described in memory is in describe.cpp. */
#include "recorder/recorder.hpp"
#include "device/text.hpp"

#include "device/task.h"
#include "glue/producer.h"
#include "glue/recorder.h"
#include "ring/write.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::ref;
using cxxrt::result;

namespace
{

/* A mark for each sixteenth of the ring, so that at most that much of the oldest is not read. */
constexpr u32 marks_of_a_ring = perf_buffer::mark_count / 2;
/* As a reader's rings: no record crosses a chunk's end more often. */
constexpr u32 page_order = 3;

template <typename T>
T *make_array(u32 count) noexcept
{
	T *made = static_cast<T *>(cxxrt_alloc((count + u64{1}) * sizeof(T), PB_GFP_KERNEL));

	for (u32 i = 0; made && i < count; i++)
		::new (&made[i]) T;
	return made;
}

template <typename T>
void free_array(T *made, u32 count) noexcept
{
	for (u32 i = 0; made && i < count; i++)
		made[i].~T();
	cxxrt_free(made);
}

} // namespace

bool is_listed(const char *list, const char *name) noexcept
{
	const u64 bytes = __builtin_strlen(name);

	if (!list)
		return true;
	for (;;) {
		if (!__builtin_strncmp(list, name, bytes) && (!list[bytes] || list[bytes] == ','))
			return true;
		while (*list && *list != ',')
			list++;
		if (!*list)
			return false;
		list++;
	}
}

namespace
{

/* Of each name that @list has, whether the source has such an event. */
bool names_only_events(const char *list, const typed_source &of) noexcept
{
	for (;;) {
		u64 bytes = 0;
		bool found = false;

		while (list[bytes] && list[bytes] != ',')
			bytes++;
		for (u32 i = 0; i < of.event_count(); i++) {
			const char *name = of.event_at(i).node().name;

			found |= __builtin_strlen(name) == bytes &&
				 !__builtin_strncmp(list, name, bytes);
		}
		if (!found)
			return false;
		if (!list[bytes])
			return true;
		list += bytes + 1;
	}
}

} // namespace

result<void> check_wish(const recorder_wish &wish, const typed_source &of,
			const char **refused) noexcept
{
	const u64 bytes = wish.bytes_per_cpu;

	*refused = "its recorder's bytes_per_cpu, which is not a power of two of at least 4096,";
	if (bytes < page_size || bytes & (bytes - 1) || bytes > u64{1} << 31)
		return error(EINVAL);
	*refused = "an event of its recorder, which is none of the source's,";
	if (wish.events && !names_only_events(wish.events, of))
		return error(ENOENT);
	return {};
}

/* ---------------------------------------------------------------- life */

recorder::recorder(const typed_source &of, u64 number, const recorder_wish &wish,
		   region *in) noexcept
	: number_(number), bytes_per_cpu_(wish.bytes_per_cpu), region_(in)
{
	text_writer(source_, sizeof(source_) - 1).string(of.name());
}

result<ref<recorder>> recorder::create(const typed_source &of, u64 number,
				       const recorder_wish &wish, region *in) noexcept
{
	recorder *fresh = new (gfp::kernel) recorder(of, number, wish, in);

	if (!fresh)
		return error(ENOMEM);

	ref<recorder> made = ref<recorder>::adopt(fresh);

	TRY(made->make_events(of, wish));
	TRY(made->make_cpus());
	TRY(made->describe(of));
	return made;
}

void recorder::put() noexcept
{
	if (references_.put())
		delete this;
}

recorder::~recorder()
{
	/* From here on, no search of the memory finds the recorder. */
	if (page_)
		cxxrt::write_once(page_->magic[0], 0);
	free_taps();
	/* A grace period has passed since it was detached, or it was never attached. */
	for (u32 i = 0; cpus_ && i < cpu_count_; i++) {
		if (cpus_[i].ring)
			cpus_[i].ring.release()->put_unused();
	}
	free_array(cpus_, cpu_count_);
	free_array(events_, event_count_);
	free_description();
}

void recorder::free_taps() noexcept
{
	for (u32 i = 0; cpus_ && i < cpu_count_; i++) {
		free_array(cpus_[i].taps, cpus_[i].tap_count);
		cpus_[i].taps = nullptr;
		cpus_[i].tap_count = 0;
	}
}

result<void> recorder::make_events(const typed_source &of, const recorder_wish &wish) noexcept
{
	events_ = make_array<recorded_event>(of.event_count());
	if (!events_)
		return error(ENOMEM);
	event_count_ = of.event_count();
	for (u32 i = 0; i < event_count_; i++) {
		const typed_event &from = of.event_at(i);
		recorded_event &to = events_[i];

		to.id = from.id();
		text_writer(to.name, sizeof(to.name) - 1).string(from.node().name);
		to.shared.event_cpus = from.all_cpus();
		to.shared.fixed_bytes = from.fixed_bytes();
		to.is_recorded = is_listed(wish.events, to.name);
		TRY(to.layout.set(from.layout()));
	}
	return {};
}

result<void> recorder::make_cpus() noexcept
{
	const u32 count = pb_possible_cpus();

	cpus_ = make_array<recorder_cpu>(count);
	if (!cpus_)
		return error(ENOMEM);
	cpu_count_ = count;
	for (u32 i = 0, cpu = 0; i < count; i++, cpu++) {
		cpu = pb_next_possible_cpu(cpu);
		cpus_[i].cpu = cpu;
		TRY(make_cpu(cpus_[i]));
	}
	return {};
}

result<void> recorder::make_cpu(recorder_cpu &to) noexcept
{
	to.ring =
		TRY(perf_buffer::create({.nr_pages = static_cast<u32>(bytes_per_cpu_ >> page_shift),
					 .watermark = bytes_per_cpu_ / marks_of_a_ring,
					 .node = pb_cpu_node(static_cast<int>(to.cpu)),
					 .overwrite = true,
					 .page_order = page_order,
					 .marks = true,
					 .memory = region_}));
	{
		/* No reader sleeps on it. */
		auto held = to.ring->mapping().lock();

		TRY(to.ring->set_wakeups(0, false));
	}
	to.taps = static_cast<tap *>(cxxrt_alloc(event_count_ * sizeof(tap) + 1, PB_GFP_KERNEL));
	if (!to.taps)
		return error(ENOMEM);
	for (u32 i = 0; i < event_count_; i++) {
		if (!events_[i].is_recorded)
			continue;

		tap *made = ::new (&to.taps[to.tap_count])
			tap(events_[i].id, to.cpu, events_[i].shared, *to.ring);

		to.tap_count++;
		TRY(made->set_up());
	}
	return {};
}

/* ---------------------------------------------------------------- attaching */

namespace
{

void attach_taps(const recorder_cpu &of) noexcept
{
	for (u32 i = 0; i < of.tap_count; i++)
		of.taps[i].attach();
}

void detach_taps(const recorder_cpu &of) noexcept
{
	for (u32 i = 0; i < of.tap_count; i++)
		of.taps[i].detach();
}

struct each_cpu {
	const recorder *of;
	void (*fn)(const recorder_cpu &);
};

/* On @cpu with interrupts off, or elsewhere while it is offline. */
void call_for_cpu(void *arg, __u32 cpu) noexcept
{
	const each_cpu &wanted = *static_cast<each_cpu *>(arg);

	for (u32 i = 0; i < wanted.of->cpu_count(); i++) {
		if (wanted.of->cpu(i).cpu == cpu)
			wanted.fn(wanted.of->cpu(i));
	}
}

void call_for_cpus(const recorder &of, bool live, void (*fn)(const recorder_cpu &)) noexcept
{
	each_cpu wanted = {&of, fn};

	if (live) {
		pb_call_for_possible_cpus(call_for_cpu, &wanted);
		return;
	}
	for (u32 i = 0; i < of.cpu_count(); i++)
		fn(of.cpu(i));
}

} // namespace

void recorder::attach(bool live) noexcept
{
	call_for_cpus(*this, live, attach_taps);
	attached_.write_once(1);
}

/* An interrupt was handled on each CPU, so no emission is inside a tap any more. */
void recorder::detach(bool live) noexcept
{
	call_for_cpus(*this, live, detach_taps);
	free_taps();
	attached_.write_once(0);
}

u64 recorder::records() const noexcept
{
	u64 sum = 0;

	for (u32 i = 0; i < cpu_count_; i++)
		sum += cpus_[i].ring->records();
	return sum;
}

const recorded_event *recorder::find(u32 id) const noexcept
{
	for (u32 i = 0; i < event_count_; i++) {
		if (events_[i].id == id)
			return &events_[i];
	}
	return nullptr;
}

} // namespace perfbuf
