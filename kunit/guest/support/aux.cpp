// SPDX-License-Identifier: GPL-2.0
/* AUX areas for tests: mapped, linked, and their records parsed. */
#include "support/aux.hpp"

#include <cerrno>
#include <cstring>

#include <linux/perfbuf.h>

#include "support/event.hpp"

namespace device_test
{

int try_map_aux(int fd, volatile perf_event_mmap_page *page, uint64_t offset, uint64_t bytes,
		int prot, void **at)
{
	page->aux_offset = offset;
	page->aux_size = bytes;
	*at = mmap(nullptr, bytes, prot, MAP_SHARED, fd, static_cast<off_t>(offset));
	return *at == MAP_FAILED ? errno : 0;
}

int aux_error(int fd, volatile perf_event_mmap_page *page, uint64_t offset, uint64_t bytes,
	      int prot)
{
	void *at;
	const int error = try_map_aux(fd, page, offset, bytes, prot, &at);
	if (!error)
		unmap_all(at, bytes);
	return error;
}

aux_mapping::aux_mapping(int fd, const mapping &ring, size_t pages, int prot, uint64_t offset)
	: bytes_(pages * page_size())
{
	void *at;
	if (int error =
		    try_map_aux(fd, ring.page(), offset ? offset : ring.bytes(), bytes_, prot, &at))
		fail_errno("mmap of AUX", error);
	base_ = static_cast<uint8_t *>(at);
}

void aux_mapping::unmap()
{
	if (base_)
		unmap_all(base_, bytes_);
	base_ = nullptr;
}

aux_announcement parse_aux(const record &r)
{
	return {r.at<uint64_t>(0), r.at<uint64_t>(8), r.at<uint64_t>(16)};
}

void set_aux_action(perf_event_attr &attr, uint32_t action)
{
	memcpy(&attr.aux_sample_size + 1, &action, sizeof(action));
}

int link_error(int fd, const perf_event_attr &attr, int aux_fd, int cpu, uint32_t reserved)
{
	const perfbuf_open_linked wanted = {
		.open = {.attr = reinterpret_cast<uintptr_t>(&attr), .pid = -1, .cpu = cpu},
		.aux_fd = aux_fd,
		.reserved = reserved,
	};
	return ioctl_error(fd, PERFBUF_IOC_OPEN_LINKED, &wanted);
}

} /* namespace device_test */
