// SPDX-License-Identifier: GPL-2.0
/* The C entries of open files (glue/entry.h). */
#include "device/file.hpp"
#include "glue/glue.h"

#include <linux/perf_event.h>

using cxxrt::result;
using perfbuf::file;
using perfbuf::perf_buffer;

int perfbuf_file_open(unsigned int minor, void **out) noexcept
{
	result<file *> made = perfbuf::the_device().open_file(minor);

	if (!made)
		return made.error().as_return();
	*out = made.take();
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

long perfbuf_file_write(void *of, __u64 user_buffer, unsigned long bytes) noexcept
{
	auto done = static_cast<file *>(of)->write(user_buffer, bytes);

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
