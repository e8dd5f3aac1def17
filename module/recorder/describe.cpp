// SPDX-License-Identifier: GPL-2.0
/* How a recorder is found and understood in memory: <linux/perfbuf_recorder.h>. */
#include "device/task.h"
#include "glue/recorder.h"
#include "recorder/crc32.hpp"
#include "recorder/recorder.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

static_assert(sizeof(perfbuf_recorder_page) == PERFBUF_RECORDER_PAGE);
static_assert(page_size % PERFBUF_RECORDER_PAGE == 0);
static_assert(sizeof(perfbuf_recorder_description) % sizeof(u64) == 0);
static_assert(sizeof(perfbuf_recorder_cpu) % sizeof(u64) == 0);
static_assert(sizeof(perfbuf_recorder_event) % sizeof(u64) == 0);
static_assert(PERFBUF_RECORDER_MARKS == perf_buffer::mark_count);

u64 recorder::physical(const void *address) const noexcept
{
	/* Each CPU's ring, the page and the description are in it. */
	if (region_)
		return region_->physical(address);
	return u64{pb_page_frame(address)} << page_shift |
	       (reinterpret_cast<u64>(address) & (page_size - 1));
}

/* Of PERFBUF_RECORDER_PAGE bytes: the kernel's pages may be larger. */
u64 recorder::frame(const void *address) const noexcept
{
	return physical(address) / PERFBUF_RECORDER_PAGE;
}

result<void> recorder::make_description(u64 bytes) noexcept
{
	void *page, *description;

	description_pages_ = cxxrt::round_up<u64>(bytes, page_size) >> page_shift;
	if (bytes > u64{PERFBUF_RECORDER_FRAMES} * PERFBUF_RECORDER_PAGE)
		return error(E2BIG);
	if (region_) {
		page = region_->take(1);
		description = region_->take(description_pages_);
	} else {
		page = pb_pages_alloc(-1, 0);
		description = pb_vmalloc_alloc(description_pages_ << page_shift, -1, 0);
	}
	page_ = static_cast<perfbuf_recorder_page *>(page);
	description_ = static_cast<perfbuf_recorder_description *>(description);
	if (!page_ || !description_)
		return error(ENOMEM);
	return {};
}

void recorder::free_description() noexcept
{
	if (description_ && region_)
		region_->give_back(description_, description_pages_);
	else if (description_)
		pb_vmalloc_free(description_, description_pages_ << page_shift, 0);
	if (page_ && region_)
		region_->give_back(page_, 1);
	else if (page_)
		pb_pages_free(page_, 0);
}

result<void> recorder::describe(const typed_source &of) noexcept
{
	const u64 frames = bytes_per_cpu_ / PERFBUF_RECORDER_PAGE;
	const u64 cpus_at = sizeof(perfbuf_recorder_description);
	const u64 events_at = cpus_at + cpu_count_ * sizeof(perfbuf_recorder_cpu);
	const u64 frames_at = events_at + event_count_ * sizeof(perfbuf_recorder_event);
	u64 text_at = frames_at + cpu_count_ * frames * sizeof(u64);
	u64 bytes = text_at;

	for (u32 i = 0; i < event_count_; i++)
		bytes += of.event_at(i).node().format_bytes;
	bytes = cxxrt::round_up<u64>(bytes, sizeof(u64));
	TRY(make_description(bytes));

	char *start = reinterpret_cast<char *>(description_);
	auto *cpu_to = reinterpret_cast<perfbuf_recorder_cpu *>(start + cpus_at);
	auto *event_to = reinterpret_cast<perfbuf_recorder_event *>(start + events_at);
	u64 *frame_to = reinterpret_cast<u64 *>(start + frames_at);

	description_->bytes = sizeof(*description_);
	description_->version = PERFBUF_RECORDER_VERSION;
	__builtin_memcpy(description_->source, source_, sizeof(source_));
	description_->number = number_;
	description_->bytes_per_cpu = bytes_per_cpu_;
	description_->clock_ns = pb_clock_ns(-1);
	description_->realtime_ns = pb_clock_ns(0);
	description_->cpu_count = cpu_count_;
	description_->event_count = event_count_;
	description_->cpus_at = static_cast<u32>(cpus_at);
	description_->events_at = static_cast<u32>(events_at);

	for (u32 i = 0; i < cpu_count_; i++) {
		const perf_buffer &ring = *cpus_[i].ring;

		cpu_to[i] = {
			.cpu = cpus_[i].cpu,
			.page_count = static_cast<u32>(frames),
			.published_at = physical(ring.published_word()),
			.reserved_at = physical(ring.reserved_word()),
			.marks_at = physical(ring.marks()),
			.frames_at = static_cast<u32>(reinterpret_cast<char *>(frame_to) - start),
			.reserved = 0,
		};
		for (u64 at = 0; at < bytes_per_cpu_; at += PERFBUF_RECORDER_PAGE)
			*frame_to++ = frame(ring.data().address(at));
	}
	for (u32 i = 0; i < event_count_; i++) {
		const pb_node_event &event = of.event_at(i).node();

		event_to[i] = {event.id, static_cast<u32>(text_at),
			       static_cast<u32>(event.format_bytes), 0};
		__builtin_memcpy(start + text_at, event.format, event.format_bytes);
		text_at += event.format_bytes;
	}

	__builtin_memcpy(page_->magic, PERFBUF_RECORDER_MAGIC, sizeof(page_->magic));
	page_->version = PERFBUF_RECORDER_VERSION;
	page_->frame = frame(page_);
	page_->description_bytes = bytes;
	page_->description_crc = crc32(description_, bytes);
	page_->frame_count = 0;
	for (u64 at = 0; at < bytes; at += PERFBUF_RECORDER_PAGE)
		page_->frames[page_->frame_count++] = frame(start + at);
	page_->crc = crc32(page_, sizeof(*page_));
	return {};
}

} // namespace perfbuf
