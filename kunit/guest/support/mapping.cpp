// SPDX-License-Identifier: GPL-2.0
/* Maps rings for tests, and drains their records. */
#include "support/mapping.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "support/event.hpp"

namespace device_test
{

void unmap_all(void *base, size_t bytes)
{
	/* Where faults are injected it may be what fails, once. */
	while (munmap(base, bytes)) {
		if (errno != ENOMEM)
			fail_errno("munmap", errno);
	}
}

size_t page_size()
{
	static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	return size;
}

mapping::mapping(int fd, size_t data_pages, int prot) : data_pages_(data_pages)
{
	void *base = mmap(nullptr, bytes(), prot, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		fail_errno("mmap of " + std::to_string(data_pages) + " data pages", errno);
	base_ = base;
}

mapping::mapping(mapping &&other) noexcept
	: base_(std::exchange(other.base_, nullptr)), data_pages_(other.data_pages_)
{
}

mapping &mapping::operator=(mapping &&other) noexcept
{
	unmap();
	base_ = std::exchange(other.base_, nullptr);
	data_pages_ = other.data_pages_;
	return *this;
}

mapping::~mapping()
{
	unmap();
}

void mapping::unmap()
{
	if (base_)
		unmap_all(base_, bytes());
	base_ = nullptr;
}

std::vector<record> ring::drain()
{
	std::vector<record> records;
	drain(records);
	return records;
}

void ring::drain(std::vector<record> &into)
{
	drain(into, SIZE_MAX);
}

void ring::drain(std::vector<record> &into, size_t limit)
{
	const uint64_t mask = data_bytes() - 1;
	const uint64_t end = head();
	uint64_t at = tail();

	if (end - at > data_bytes())
		throw std::runtime_error("head is " + std::to_string(end - at) +
					 " bytes ahead of tail in a buffer of " +
					 std::to_string(data_bytes()));
	while (at != end && limit--) {
		record next;
		/* Records are 8-byte aligned, so the header never wraps. */
		memcpy(&next.header, data() + (at & mask), sizeof(next.header));
		const size_t size = next.header.size;
		if (size < sizeof(next.header) || size % 8 || size > end - at)
			throw std::runtime_error("a record of type " +
						 std::to_string(next.header.type) + " and size " +
						 std::to_string(size) + ", " +
						 std::to_string(end - at) + " bytes before head");
		next.body.resize(size - sizeof(next.header));
		for (size_t i = 0; i < next.body.size(); i += 8)
			memcpy(&next.body[i], data() + ((at + sizeof(next.header) + i) & mask), 8);
		into.push_back(std::move(next));
		at += size;
	}
	/* D, pairs with A of perf_output_begin: the copies come before the space is freed. */
	__atomic_store_n(&page()->data_tail, at, __ATOMIC_SEQ_CST);
}

int map_error(int fd, size_t bytes, int prot, int flags, off_t offset)
{
	void *base = mmap(nullptr, bytes, prot, flags, fd, offset);
	if (base == MAP_FAILED)
		return errno;
	unmap_all(base, bytes);
	return 0;
}

std::map<uint32_t, size_t> count_types(const std::vector<record> &records)
{
	std::map<uint32_t, size_t> counts;
	for (const record &r : records)
		counts[r.header.type]++;
	return counts;
}

size_t count(const std::vector<record> &records, uint32_t type)
{
	size_t n = 0;
	for (const record &r : records)
		n += r.header.type == type;
	return n;
}

uint64_t lost_in(const std::vector<record> &records)
{
	uint64_t lost = 0;
	for (const record &r : records) {
		if (r.header.type == PERF_RECORD_LOST)
			lost += r.at<uint64_t>(8);
	}
	return lost;
}

} /* namespace device_test */
