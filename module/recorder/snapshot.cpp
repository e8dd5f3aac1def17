// SPDX-License-Identifier: GPL-2.0
/* Snapshots, and the requests of /dev/perfbuf_recorders. */
#include "recorder/snapshot.hpp"

#include "glue/glue.h"
#include "glue/recorder.h"
#include "recorder/persist.hpp"
#include "recorder/registry.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::ref;
using cxxrt::result;

namespace
{

u64 bytes_of_a_cpu(const recorder &of) noexcept
{
	return sizeof(perfbuf_snapshot_cpu) + of.bytes_per_cpu();
}

u64 cpus_at(const recorder &of) noexcept
{
	return sizeof(perfbuf_snapshot_header) + of.description_bytes();
}

/* The newest page first: what the writers overwrite meanwhile is the oldest. */
result<void> put_cpu(const recorder_cpu &of, snapshot_target &to, u64 offset) noexcept
{
	const perf_buffer &ring = *of.ring;
	const u32 pages = ring.nr_pages();
	perfbuf_snapshot_cpu words = {};

	words.cpu = of.cpu;
	words.page_count = static_cast<u32>(ring.size() / PERFBUF_RECORDER_PAGE);
	/* Pairs with publish_head(): what is published is there. The marks are of it or older. */
	words.published = ring.published();
	for (u32 i = 0; i < perf_buffer::mark_count; i++)
		words.marks[i] = cxxrt::read_once(ring.marks()[i]);

	const u64 newest = words.published ? (words.published - 1) >> page_shift : 0;

	for (u64 back = 0; back < pages; back++) {
		const u32 page = static_cast<u32>((newest - back) & (pages - 1));

		TRY(to.put(offset + sizeof(words) + (u64{page} << page_shift),
			   ring.data().page(page), page_size));
	}
	words.reserved = TRY(ring.reserved_after_copy(static_cast<int>(of.cpu)));
	return to.put(offset, &words, sizeof(words));
}

class user_target final : public snapshot_target
{
public:
	explicit user_target(u64 buffer) noexcept : buffer_(buffer) {}

	result<void> put(u64 offset, const void *from, u64 bytes) noexcept override
	{
		return cxxrt::from_return(pb_copy_to_user(buffer_ + offset, from, bytes));
	}

private:
	const u64 buffer_;
};

} // namespace

u64 snapshot_bytes(const recorder &of) noexcept
{
	return cpus_at(of) + of.cpu_count() * bytes_of_a_cpu(of);
}

result<void> take_snapshot(const recorder &of, snapshot_target &to) noexcept
{
	perfbuf_snapshot_header header = {};

	__builtin_memcpy(header.magic, PERFBUF_SNAPSHOT_MAGIC, sizeof(header.magic));
	header.version = PERFBUF_RECORDER_VERSION;
	header.description_crc = of.description_crc();
	header.bytes = snapshot_bytes(of);
	header.description_bytes = of.description_bytes();
	TRY(to.put(0, &header, sizeof(header)));
	TRY(to.put(sizeof(header), &of.description(), of.description_bytes()));
	for (u32 i = 0; i < of.cpu_count(); i++)
		TRY(put_cpu(of.cpu(i), to, cpus_at(of) + i * bytes_of_a_cpu(of)));
	return {};
}

namespace
{

result<void> snapshot_to_user(u64 argument) noexcept
{
	perfbuf_snapshot wanted;

	TRY(cxxrt::from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));

	const ref<recorder> of = the_recorders().find(wanted.number);

	if (!of)
		return error(ENOENT);

	const u64 space = wanted.bytes;
	user_target to(wanted.buffer);

	wanted.bytes = snapshot_bytes(*of);
	TRY(cxxrt::from_return(pb_copy_to_user(argument, &wanted, sizeof(wanted))));
	if (space < wanted.bytes)
		return error(ENOSPC);
	return take_snapshot(*of, to);
}

result<void> forget_for_user(u64 argument) noexcept
{
	u64 number;

	TRY(cxxrt::from_return(pb_copy_from_user(&number, argument, sizeof(number))));
	return the_recorders().forget(number);
}

result<void> previous_boot_for_user(u64 argument) noexcept
{
	const persisted_memory *const memory = the_persisted_memory();

	if (!memory)
		return error(ENXIO);
	return memory->copy_previous(argument);
}

/* All numbers at their largest fit. */
constexpr u32 line_bytes = 256;

void put_line(const recorder &of, text_writer &out) noexcept
{
	u32 recorded = 0;

	for (u32 i = 0; i < of.event_count(); i++)
		recorded += of.event_at(i).is_recorded;
	out.string("number=");
	out.decimal(of.number());
	out.string(" source=");
	out.string(of.source());
	out.string(of.is_attached() ? " state=registered" : " state=kept");
	out.string(" bytes_per_cpu=");
	out.decimal(of.bytes_per_cpu());
	out.string(" cpus=");
	out.decimal(of.cpu_count());
	out.string(" events=");
	out.decimal(recorded);
	out.string(" snapshot_bytes=");
	out.decimal(snapshot_bytes(of));
	out.string(of.is_persisted() ? " persist=1" : "");
}

} // namespace

u64 recorders::list(u64 position, char *to, u64 bytes) noexcept
{
	auto all = state_.lock();
	line_window<line_bytes> window(position, to, bytes);

	for (recorder *recorder = first(); recorder && !window.is_full();
	     recorder = recorder->next.load_acquire())
		window.line([&](text_writer &out) { put_line(*recorder, out); });
	return window.done();
}

} // namespace perfbuf

int perfbuf_recorders_open(void) noexcept
{
	return pb_may_trace() ? 0 : -EACCES;
}

long perfbuf_recorders_read(__u64 position, char *to, unsigned long bytes) noexcept
{
	return static_cast<long>(perfbuf::the_recorders().list(position, to, bytes));
}

long perfbuf_recorders_ioctl(unsigned int request, unsigned long argument) noexcept
{
	if (pb_locked_down())
		return -EPERM;
	switch (request) {
	case PERFBUF_IOC_SNAPSHOT:
		return perfbuf::snapshot_to_user(argument).as_return();
	case PERFBUF_IOC_FREE_RECORDER:
		return perfbuf::forget_for_user(argument).as_return();
	case PERFBUF_IOC_PREVIOUS_BOOT:
		return perfbuf::previous_boot_for_user(argument).as_return();
	}
	return -ENOTTY;
}
