// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The kernel's half of the ring, in user space: what it writes, and when it says that it is
 * full. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/perf_event.h>
#include <memory>
#include <span>
#include <vector>

namespace perfbuf::tests
{

class simulated_kernel
{
public:
	/** @param start where both positions begin */
	explicit simulated_kernel(size_t size, uint64_t start = 0) : data_(size / sizeof(uint64_t))
	{
		page_->data_head = page_->data_tail = head_ = start;
	}

	perf_event_mmap_page *page() const noexcept { return page_.get(); }
	std::span<const std::byte> data() const noexcept { return std::as_bytes(std::span(data_)); }
	uint64_t head() const noexcept { return head_; }
	uint64_t tail() const noexcept
	{
		return __atomic_load_n(&page_->data_tail, __ATOMIC_RELAXED);
	}

	/** @return false if there is no space: as in the kernel, one byte always stays free */
	bool write(std::span<const std::byte> record) noexcept
	{
		// A, pairs with D in ring::store_tail(): a branch orders the stores behind it for a
		// machine, for the language it takes an acquire.
		const uint64_t tail = __atomic_load_n(&page_->data_tail, __ATOMIC_ACQUIRE);
		const uint64_t size = data_.size() * sizeof(uint64_t);
		if (((tail - head_ - 1) & (size - 1)) < record.size())
			return false;
		put(head_, record);
		head_ += record.size();
		// B, pairs with C in ring::load_head().
		__atomic_store_n(&page_->data_head, head_, __ATOMIC_RELEASE);
		return true;
	}

	/** Backwards, as an overwriting ring is written: it is never full. */
	void write_backward(std::span<const std::byte> record) noexcept
	{
		head_ -= record.size();
		put(head_, record);
		__atomic_store_n(&page_->data_head, head_, __ATOMIC_RELEASE);
	}

	/** A header that the kernel would never write. */
	void write_header(perf_event_header header, uint64_t advance) noexcept
	{
		put(head_, std::as_bytes(std::span(&header, 1)));
		head_ += advance;
		__atomic_store_n(&page_->data_head, head_, __ATOMIC_RELEASE);
	}

private:
	void put(uint64_t position, std::span<const std::byte> bytes) noexcept
	{
		auto *data = reinterpret_cast<std::byte *>(data_.data());
		const uint64_t size = data_.size() * sizeof(uint64_t);
		const uint64_t offset = position & (size - 1);
		const uint64_t first = std::min<uint64_t>(bytes.size(), size - offset);
		std::memcpy(data + offset, bytes.data(), first);
		std::memcpy(data, bytes.data() + first, bytes.size() - first);
	}

	std::unique_ptr<perf_event_mmap_page> page_ = std::make_unique<perf_event_mmap_page>();
	std::vector<uint64_t> data_;
	uint64_t head_;
};

/** A record whose every word says which one it is. */
inline std::vector<std::byte> numbered_record(uint64_t number, size_t size,
					      uint32_t type = PERF_RECORD_SAMPLE)
{
	std::vector<std::byte> record(size);
	const perf_event_header header{type, 0, static_cast<uint16_t>(size)};
	std::memcpy(record.data(), &header, sizeof(header));
	for (size_t at = sizeof(header); at < size; at += sizeof(number)) {
		const uint64_t word = number * 0x9e3779b97f4a7c15 + at;
		std::memcpy(record.data() + at, &word, sizeof(word));
	}
	return record;
}

} // namespace perfbuf::tests
