/* SPDX-License-Identifier: GPL-2.0 */
/* The mapping of an event's buffer, and the reader's half of the protocol. */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <linux/perf_event.h>
#include <sys/mman.h>

#include "support/record.hpp"

namespace device_test
{

size_t page_size();

class mapping
{
public:
	/* Page 0 and @data_pages of data. Throws on an error. */
	mapping(int fd, size_t data_pages, int prot = PROT_READ | PROT_WRITE);
	mapping(mapping &&other) noexcept;
	mapping &operator=(mapping &&other) noexcept;
	~mapping();

	void unmap();
	bool mapped() const { return base_ != nullptr; }

	/* The user page; every field may change at any time. */
	volatile perf_event_mmap_page *page() const
	{
		return static_cast<volatile perf_event_mmap_page *>(base_);
	}
	/*
	 * The result of @read on the user page between two updates of it: the reader's half of its
	 * sequence count (perf_event_open(2)).
	 */
	template <class Read>
	auto between_updates(Read read) const
	{
		for (;;) {
			const uint32_t sequence = page()->lock;
			std::atomic_signal_fence(std::memory_order_seq_cst);
			const auto found = read(*page());
			std::atomic_signal_fence(std::memory_order_seq_cst);
			if (sequence % 2 == 0 && page()->lock == sequence)
				return found;
		}
	}
	uint8_t *data() const { return static_cast<uint8_t *>(base_) + page_size(); }
	uint8_t *base() const { return static_cast<uint8_t *>(base_); }
	size_t data_bytes() const { return data_pages_ * page_size(); }
	size_t bytes() const { return (1 + data_pages_) * page_size(); }

private:
	void *base_ = nullptr;
	size_t data_pages_ = 0;
};

/*
 * A mapping read to its end: drain() copies the records out and gives their
 * space back. It throws when the stream is not well-formed.
 */
class ring : public mapping
{
public:
	using mapping::mapping;

	/* A (kernel: perf_output_put_handle, the store of data_head). */
	uint64_t head() const { return __atomic_load_n(&page()->data_head, __ATOMIC_ACQUIRE); }
	uint64_t tail() const { return page()->data_tail; }
	uint64_t unread() const { return head() - tail(); }

	std::vector<record> drain();
	/* The same, behind @into. */
	void drain(std::vector<record> &into);
	/* Stop at @limit records. */
	void drain(std::vector<record> &into, size_t limit);
};

/* munmap(2), that may not fail. */
void unmap_all(void *base, size_t bytes);

/* 0 or an errno of mmap(2) of @bytes of @fd; an own mapping is removed again. */
int map_error(int fd, size_t bytes, int prot = PROT_READ | PROT_WRITE, int flags = MAP_SHARED,
	      off_t offset = 0);

/* How many records of each type. */
std::map<uint32_t, size_t> count_types(const std::vector<record> &records);
size_t count(const std::vector<record> &records, uint32_t type);
/* The sum over PERF_RECORD_LOST. */
uint64_t lost_in(const std::vector<record> &records);

} /* namespace device_test */
