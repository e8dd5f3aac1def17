/* SPDX-License-Identifier: GPL-2.0 */
/* AUX areas as a reader has them: the mapping, the records, and events that are linked to one. */
#pragma once

#include <cstdint>

#include <linux/perf_event.h>

#include "support/mapping.hpp"

namespace device_test
{

inline constexpr int rw = PROT_READ | PROT_WRITE;

/* Says in page 0 where AUX is to be, and maps it there: 0 or the errno. The caller unmaps. */
int try_map_aux(int fd, volatile perf_event_mmap_page *page, uint64_t offset, uint64_t bytes,
		int prot, void **at);

/* 0 or the errno; what was mapped is unmapped again. */
int aux_error(int fd, volatile perf_event_mmap_page *page, uint64_t offset, uint64_t bytes,
	      int prot = rw);

class aux_mapping
{
public:
	/* Throws on an error. Behind the data, at @offset, or where it is if that is 0. */
	aux_mapping(int fd, const mapping &ring, size_t pages, int prot = rw, uint64_t offset = 0);
	aux_mapping(const aux_mapping &) = delete;
	aux_mapping &operator=(const aux_mapping &) = delete;
	~aux_mapping() { unmap(); }
	void unmap();

	uint64_t bytes() const { return bytes_; }
	uint8_t *base() const { return base_; }
	uint64_t word(uint64_t position) const
	{
		return __atomic_load_n(
			reinterpret_cast<const uint64_t *>(base_ + (position & (bytes_ - 1))),
			__ATOMIC_RELAXED);
	}

private:
	uint8_t *base_ = nullptr;
	uint64_t bytes_ = 0;
};

struct aux_announcement {
	uint64_t offset, size, flags;
};
/* The fields of a PERF_RECORD_AUX. */
aux_announcement parse_aux(const record &r);

/* attr.aux_action; older headers have reserved the field. */
void set_aux_action(perf_event_attr &attr, uint32_t action);
/* PERFBUF_IOC_OPEN_LINKED: 0 or the errno. */
int link_error(int fd, const perf_event_attr &attr, int aux_fd, int cpu = 0, uint32_t reserved = 0);

} /* namespace device_test */
