// SPDX-License-Identifier: GPL-2.0
/*
 * AUX, as an event's source fills it, and the C ABI of perfbuf/aux.h over it. Any context,
 * preemption off, on the CPU of the ring.
 */
#include "device/attr.hpp"
#include "device/aux.hpp"
#include "device/origin.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

void event::turn_off() noexcept
{
	if (mode_.try_change(event_state::active, event_state::off))
		irq_work_.raise();
}

/* With a reference, which its last mapping does not take away; nullptr: nothing is mapped. */
aux_area *event::enter_aux() noexcept
{
	perf_buffer *into = active() ? ring() : nullptr;
	aux_area *area = into ? into->aux() : nullptr;

	return area && area->try_get() ? area : nullptr;
}

void *event::aux_begin(perfbuf_aux_handle &handle) noexcept
{
	aux_area *area = aux_paused() ? nullptr : enter_aux();

	handle.area = nullptr;
	if (!area)
		return nullptr;

	result<void> begun = area->begin(handle);

	if (begun) {
		handle.stream = as_stream(*this);
		return area->private_data();
	}
	area->put();
	switch (begun.error().code()) {
	case ENOSPC:
		turn_off();
		break;
	case EBUSY:
		losses_.count(loss_cause::recursion);
		break;
	}
	return nullptr;
}

void event::aux_end(perfbuf_aux_handle &handle, u64 size) noexcept
{
	const moment when = now();

	if (static_cast<aux_area *>(handle.area)->end(handle, size, origin(*this, when)))
		turn_off();
}

result<u64> event::aux_write(const void *from, u64 bytes) noexcept
{
	aux_area *area = aux_paused() ? nullptr : enter_aux();

	if (!area)
		return error(ENXIO);

	const moment when = now();
	const origin from_here(*this, when);
	result<aux_reservation> reserved = area->reserve(bytes, from_here);

	if (!reserved) {
		area->put();
		return reserved.error();
	}

	aux_reservation taken = reserved.take();
	const u64 position = taken.position();

	taken.copy(from, bytes);
	taken.commit(from_here);
	area->put();
	return position;
}

void event::pause_aux(bool on) noexcept
{
	/* The flag first: when the source is paused, no new transaction begins; when it is resumed,
	 * one may. */
	aux_paused_.write_once(on);
	stream_->pause_aux(on);
}

void event::switch_linked(u32 action, bool pause) noexcept
{
	if (aux_action(attr_) & action)
		linked_->pause_aux(pause);
}

aux_snapshot event::hold_aux(u32 most) noexcept
{
	aux_snapshot found = {};

	/* If its source runs on another CPU, it cannot be held from this one. */
	if (cpu_ >= 0 && static_cast<u32>(cpu_) != pb_this_cpu())
		return found;

	aux_area *area = enter_aux();

	if (!area)
		return found;
	if (!area->try_hold()) {
		area->put();
		return found;
	}

	u64 head = area->published();

	if (!stream_->hold_aux(head)) {
		area->release_hold();
		area->put();
		return found;
	}

	const aux_area::window held = area->hold_window(head, most);

	found.area = area;
	found.bytes = held.bytes;
	found.from = held.from;
	return found;
}

void event::release_aux(const aux_snapshot &held) noexcept
{
	if (!held.area)
		return;
	stream_->release_aux();
	held.area->release_hold();
	held.area->put();
}

void event::aux_itrace_start() noexcept
{
	const moment when = now();
	const u32 bytes = sizeof(itrace_start_record) + trailer_bytes_;
	result<reservation> begun = begin(bytes, when);

	if (!begun)
		return;

	itrace_start_record start = {
		.header = {.type = PERF_RECORD_ITRACE_START,
			   .misc = 0,
			   .size = static_cast<u16>(bytes)},
		.pid = 0,
		.tid = 0,
	};
	reservation record = begun.take();

	/* While a task is switched in, the previous task is still the current one. The target runs,
	 * so it exists. */
	if (target_ && !attr_.inherit)
		pb_task_ids(target_, pid_namespace_, &start.pid, &start.tid);
	else
		pb_current_ids(pid_namespace_, &start.pid, &start.tid);
	record.put(start);
	put_trailer(record, when);
	record.commit();
}

} // namespace perfbuf

using perfbuf::as_event;
using perfbuf::aux_area;
using perfbuf::event;

namespace
{

/* A ring has one writer CPU at a time: a source on another CPU gets an error. */
bool is_elsewhere(const event &event) noexcept
{
	const perfbuf::s32 cpu = event.aux_cpu();

	return cpu != -1 && cpu != static_cast<perfbuf::s32>(pb_this_cpu());
}

const event &as_event(const perfbuf_stream *stream) noexcept
{
	return *reinterpret_cast<const event *>(stream);
}

} // namespace

void *perfbuf_aux_begin(perfbuf_aux_handle *handle, perfbuf_stream *stream) noexcept
{
	if (is_elsewhere(as_event(stream))) {
		handle->area = nullptr;
		return nullptr;
	}
	return as_event(stream).aux_begin(*handle);
}

void perfbuf_aux_end(perfbuf_aux_handle *handle, __u64 size) noexcept
{
	if (handle->area)
		as_event(handle->stream).aux_end(*handle, size);
}

int perfbuf_aux_skip(perfbuf_aux_handle *handle, __u64 size) noexcept
{
	if (!handle->area)
		return -ENOSPC;
	return static_cast<aux_area *>(handle->area)->skip(*handle, size).as_return();
}

int perfbuf_aux_flag(perfbuf_aux_handle *handle, __u64 flags) noexcept
{
	if (flags & ~perfbuf::aux_flags_of_sources)
		return -EINVAL;
	handle->flags |= flags;
	return 0;
}

void *perfbuf_aux_get(const perfbuf_aux_handle *handle) noexcept
{
	if (!handle->area)
		return nullptr;
	return static_cast<const aux_area *>(handle->area)->private_data();
}

__u64 perfbuf_aux_copy(const perfbuf_aux_handle *handle, __u64 at, const void *from,
		       __u64 bytes) noexcept
{
	if (!handle->area || at >= handle->size)
		return 0;

	const __u64 wanted = cxxrt::min<__u64>(bytes, handle->size - at);

	static_cast<aux_area *>(handle->area)->copy_from(handle->head + at, from, wanted);
	return wanted;
}

__s64 perfbuf_aux_write(perfbuf_stream *stream, const void *from, __u64 bytes) noexcept
{
	if (is_elsewhere(as_event(stream)))
		return -EXDEV;

	auto written = as_event(stream).aux_write(from, bytes);

	return written ? 0 : written.error().as_return();
}

void perfbuf_aux_itrace_start(perfbuf_stream *stream) noexcept
{
	if (!is_elsewhere(as_event(stream)))
		as_event(stream).aux_itrace_start();
}

void perfbuf_stream_about(const perfbuf_stream *stream, perfbuf_stream_info *out) noexcept
{
	const event &of = as_event(stream);

	*out = {.cpu = of.cpu(),
		.id = of.id(),
		.config1 = of.attr().config1,
		.config2 = of.attr().config2};
}

void perfbuf_stream_set_data(perfbuf_stream *stream, void *data) noexcept
{
	as_event(stream).kept_by_source = data;
}

void *perfbuf_stream_data(const perfbuf_stream *stream) noexcept
{
	return as_event(stream).kept_by_source;
}
