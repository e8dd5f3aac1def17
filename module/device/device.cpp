// SPDX-License-Identifier: GPL-2.0
/* The device as a whole, and the C entries of glue/entry.h. */
#include "device/file.hpp"
#include "device/text.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>
#include <linux/perf_event.h>

namespace perfbuf
{

namespace
{

constinit cxxrt::lock_class attach_lock_class{"perfbuf attach", {}};
constinit cxxrt::lock_class files_lock_class{"perfbuf open files", {}};

constinit device_state *device = nullptr;

} // namespace

device_state::device_state() noexcept : attach_lock(attach_lock_class), open_files(files_lock_class)
{
}

device_state &the_device() noexcept
{
	return *device;
}

void device_state::link(files &list, file &one) noexcept
{
	one.next_open_ = list.first;
	list.first = &one;
}

void device_state::unlink(files &list, file &one) noexcept
{
	file **link = &list.first;

	while (*link != &one)
		link = &(*link)->next_open_;
	*link = one.next_open_;
	if (one.configured())
		list.gone[one.minor()].add(*one.configured());
}

void source_totals::add(const event &one) noexcept
{
	records += one.records();
	for (u32 i = 0; i < loss_causes; i++)
		lost[i] += one.losses().read(static_cast<loss_cause>(i));
}

source_totals device_state::totals(u32 minor) noexcept
{
	auto files = open_files.lock();
	source_totals sum = files->gone[minor];

	for (file *one = files->first; one; one = one->next_open_) {
		if (one->minor() != minor)
			continue;
		sum.files++;
		if (!one->configured())
			continue;
		sum.add(*one->configured());
		sum.rings += one->owns_ring();
	}
	return sum;
}

} // namespace perfbuf

using perfbuf::file;
using perfbuf::perf_buffer;
using perfbuf::u32;
using perfbuf::u64;

int perfbuf_init(void) noexcept
{
	perfbuf::device = new (cxxrt::gfp::kernel) perfbuf::device_state;
	if (!perfbuf::device)
		return -ENOMEM;

	for (u32 i = 0; perfbuf::sources_in_the_box[i]; i++) {
		const int ret = pb_node_create(i, perfbuf::sources_in_the_box[i]->name());

		if (!ret)
			continue;
		while (i--)
			pb_node_destroy(i);
		delete perfbuf::device;
		return ret;
	}
	return 0;
}

/* Every file is closed: the module's count says so. What they left behind ends with
 * pb_defer_stop(). */
void perfbuf_exit(void) noexcept
{
	for (u32 i = 0; perfbuf::sources_in_the_box[i]; i++)
		pb_node_destroy(i);
	delete std::exchange(perfbuf::device, nullptr);
}

int perfbuf_file_open(unsigned int minor, void **out) noexcept
{
	u32 known = 0;

	while (perfbuf::sources_in_the_box[known])
		known++;
	if (minor >= known)
		return -ENXIO;
	if (!pb_may_trace())
		return -EACCES;

	file *made = new (cxxrt::gfp::kernel) file(*perfbuf::sources_in_the_box[minor], minor);

	if (!made)
		return -ENOMEM;
	made->publish();
	*out = made;
	return 0;
}

void perfbuf_file_release(void *of) noexcept
{
	static_cast<file *>(of)->release();
}

long perfbuf_file_read(void *of, __u64 user_buffer, unsigned long bytes) noexcept
{
	auto done = static_cast<file *>(of)->read(user_buffer, bytes);

	return done ? static_cast<long>(done.take()) : done.error().as_return();
}

long perfbuf_file_ioctl(void *of, void *filp, unsigned int request, unsigned long argument) noexcept
{
	auto done = static_cast<file *>(of)->ioctl(filp, request, argument);

	return done ? static_cast<long>(done.take()) : done.error().as_return();
}

unsigned int perfbuf_compat_request(unsigned int request) noexcept
{
	constexpr unsigned int pointer_requests[] = {
		PERF_EVENT_IOC_SET_FILTER,
		PERF_EVENT_IOC_ID,
		PERF_EVENT_IOC_QUERY_BPF,
		PERF_EVENT_IOC_MODIFY_ATTRIBUTES,
	};
	constexpr unsigned int size_mask = _IOC_SIZEMASK << _IOC_SIZESHIFT;

	for (unsigned int native : pointer_requests) {
		const unsigned int compat = (native & ~size_mask) | (4u << _IOC_SIZESHIFT);

		if (request == compat)
			return native;
	}
	return request;
}

unsigned int perfbuf_file_poll(void *of) noexcept
{
	return static_cast<file *>(of)->poll();
}

void *perfbuf_file_waitqueue(void *of) noexcept
{
	return static_cast<file *>(of)->waitqueue();
}

void **perfbuf_file_fasync(void *of) noexcept
{
	return static_cast<file *>(of)->fasync();
}

int perfbuf_file_mmap(void *of, const struct pb_vma_request *request, void **mapping) noexcept
{
	auto done = static_cast<file *>(of)->map(*request);

	if (!done)
		return done.error().as_return();
	*mapping = done.take();
	return 0;
}

void perfbuf_mapping_open(void *of, void *mapping, unsigned long page_offset) noexcept
{
	static_cast<file *>(of)->mapping_opened(*static_cast<perf_buffer *>(mapping), page_offset);
}

void perfbuf_mapping_close(void *of, void *mapping, unsigned long page_offset) noexcept
{
	static_cast<file *>(of)->mapping_closed(*static_cast<perf_buffer *>(mapping), page_offset);
}

long perfbuf_source_show(unsigned int minor, const char *name, char *to,
			 unsigned long bytes) noexcept
{
	const perfbuf::source_totals totals = perfbuf::the_device().totals(minor);
	perfbuf::text_writer out(to, bytes);
	u64 lost = 0;

	for (u64 one : totals.lost)
		lost += one;

	struct {
		const char *name;
		u64 value;
	} const numbers[] = {
		{"files", totals.files},	  {"rings", totals.rings},
		{"records", totals.records},	  {"lost", lost},
		{"lost_full", totals.lost[0]},	  {"lost_paused", totals.lost[1]},
		{"lost_too_big", totals.lost[2]}, {"lost_recursion", totals.lost[3]},
		{"lost_no_ring", totals.lost[4]},
	};

	for (const auto &number : numbers) {
		if (perfbuf::equal(name, number.name))
			out.decimal(number.value);
	}
	if (perfbuf::equal(name, "description"))
		out.string(perfbuf::sources_in_the_box[minor]->description());
	out.string("\n");
	return static_cast<long>(out.bytes());
}
