// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The reader's half of the ring. Positions only grow (modulo 2^64); the low bits of a position are
 * the offset in the data. The kernel writes data_head, the reader data_tail; the reader may read
 * the bytes between them.
 *
 *   kernel                                  user (this file)
 *
 *   LOAD ->data_tail                        LOAD ->data_head
 *     (A: branch on the space left)           (C: smp_rmb)
 *   STORE data                              LOAD data
 *     (B: smp_wmb)                            (D: smp_mb)
 *   STORE ->data_head                       STORE ->data_tail
 *
 * A pairs with D: the kernel overwrites bytes only after the reader has read them. B pairs with C:
 * the bytes before data_head are complete. Here C is a load-acquire and D a store-release, as in
 * perf's own tools. That suffices: C keeps the loads of data behind one load, and D keeps the same
 * loads before one store. Only a full barrier orders a store before a load, and neither needs that.
 */
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/perf_event.h>
#include <memory>
#include <perfbuf/record.hpp>
#include <span>

namespace perfbuf::reader
{

/** The result of a step through the ring. */
enum class step {
	record,	 /**< a record */
	empty,	 /**< the last refresh() found no more records */
	corrupt, /**< a position or a size is wrong: call skip_all(), or close the ring */
};

/**
 * A cursor over the ring. A round of a reader: refresh(), each() or next() until it returns empty,
 * release(). Only the constructor allocates. One thread at a time.
 */
class ring
{
public:
	/**
	 * @param page the page of positions, mapped writable
	 * @param data the data, a power of two long and 8-byte aligned
	 */
	ring(perf_event_mmap_page *page, std::span<const std::byte> data);

	/** Read the kernel's position, once for each round, so that a round ends even if the kernel
	 * writes all the time. @return bytes unread */
	uint64_t refresh() noexcept
	{
		// The next run is computed from the new position.
		end_ = cursor();
		left_ = 0;
		head_ = load_head();
		return head_ - end_;
	}

	/** Step to the next record before the position that refresh() read. A record that wraps is
	 * copied; the copy is valid until the next step. */
	step next(record &out) noexcept
	{
		if (step_in_run(out)) [[likely]]
			return step::record;
		if (const step outcome = next_run(); outcome != step::record)
			return outcome;
		return step_in_run(out) ? step::record : step::corrupt;
	}

	/**
	 * Call use(record) for each record, as next() finds them. It is faster than next(), because
	 * the position stays in registers. `use` must not call functions of the ring; if it throws,
	 * the records of this run come again.
	 * @return empty or corrupt
	 */
	template <typename Use>
	step each(Use &&use)
	{
		step outcome;
		while ((outcome = next_run()) == step::record) {
			const std::byte *here = here_;
			size_t left = left_;
			uint32_t words = words_at(here);
			if (!is_possible(words, left))
				return step::corrupt;
			do {
				use(record(std::span(here, words * word)));
				here += words * word;
				left -= words;
			} while (left != 0 && is_possible(words = words_at(here), left));
			here_ = here;
			left_ = left;
		}
		return outcome;
	}

	/** The records that were stepped over since release(), as they lie in the ring, for
	 * writev(2). */
	std::array<std::span<const std::byte>, 2> consumed() const noexcept;
	/** The older name of consumed(). */
	std::array<std::span<const std::byte>, 2> passed() const noexcept { return consumed(); }

	/** Let the kernel overwrite the records that were stepped over. They and their spans are no
	 * longer valid. */
	void release() noexcept
	{
		const uint64_t tail = cursor();
		if (tail_ == tail)
			return;
		tail_ = tail;
		store_tail(tail);
	}

	/** After corrupt: skip all unread bytes, and continue at the kernel's position.
	 * @return bytes skipped */
	uint64_t skip_all() noexcept;

private:
	// C, pairs with B, the barrier before the kernel's store of data_head: data that is loaded
	// after this is complete.
	uint64_t load_head() const noexcept
	{
		return __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
	}
	// D, pairs with A, the kernel's branch on the free space: the loads of data are done before
	// the kernel writes there.
	void store_tail(uint64_t tail) noexcept
	{
		__atomic_store_n(&page_->data_tail, tail, __ATOMIC_RELEASE);
	}

	// Sizes are counted in words, because the size of a record is a multiple of one.
	static constexpr size_t word = 8;
	static_assert(word == sizeof(perf_event_header));

	// The words of the record at `here`. The rotation moves the low bits of a wrong size to the
	// top, so that it is larger than any run.
	static uint32_t words_at(const std::byte *here) noexcept
	{
		uint16_t size;
		std::memcpy(&size, here + offsetof(perf_event_header, size), sizeof(size));
		return std::rotr<uint32_t>(size, std::countr_zero(word));
	}
	// Whether a record has 1 to `left` words: one comparison, because 0 - 1 wraps around.
	static bool is_possible(uint32_t words, size_t left) noexcept { return words - 1 < left; }

	bool step_in_run(record &out) noexcept
	{
		if (left_ == 0)
			return false;
		const uint32_t words = words_at(here_);
		if (!is_possible(words, left_))
			return false;
		out = record(std::span(here_, words * word));
		here_ += words * word;
		left_ -= words;
		return true;
	}

	uint64_t cursor() const noexcept { return end_ - left_ * word; }

	// Begins the next run, where the last one stopped: contiguous bytes that begin with a
	// record of a possible size. Returns empty or corrupt if there is none.
	step next_run() noexcept;

	// Longest run, in words: less than words_at() returns for a wrong size.
	static constexpr uint64_t longest_run = uint64_t{1} << 28;

	// INVARIANT: `left_` words from `here_` on are readable, before head_, and contiguous: in
	// the data, or one record in scratch_. They end at the position end_.
	const std::byte *here_ = nullptr;
	size_t left_ = 0;
	uint64_t end_;
	uint64_t head_;
	uint64_t tail_; // data_tail, as it was stored last
	perf_event_mmap_page *page_;
	std::span<const std::byte> data_;
	std::unique_ptr<std::byte[]> scratch_; // the longest record that a u16 size allows
};

} // namespace perfbuf::reader
