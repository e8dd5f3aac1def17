// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The reader's half of the ring. Positions only ever grow (modulo 2^64); a position's place in the
 * data is its low bits. The kernel owns data_head, we own data_tail; what lies between is ours to
 * read.
 *
 *   kernel                                  user (this file)
 *
 *   LOAD ->data_tail                        LOAD ->data_head
 *     (A: branch on the space left)           (C: smp_rmb)
 *   STORE data                              LOAD data
 *     (B: smp_wmb)                            (D: smp_mb)
 *   STORE ->data_head                       STORE ->data_tail
 *
 * A pairs with D: the kernel writes over bytes only after we are done with them. B pairs with C:
 * bytes before data_head are finished. Our C is a load-acquire, D a store-release, as in perf's own
 * tools. That suffices: C has to keep the loads of data behind one load, and D the same loads
 * before one store; neither has to order a store before a load, which is all that a full barrier
 * adds.
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

/** What a step through the ring found. */
enum class step {
	record,	 /**< one more */
	empty,	 /**< nothing unread, as of the last refresh() */
	corrupt, /**< the positions or a size are impossible: skip_all(), or give the ring up */
};

/**
 * A cursor. The round of a reader: refresh(), each() or next() until it says empty, release().
 * Nothing here allocates but the constructor. One thread at a time.
 */
class ring
{
public:
	/**
	 * @param page the page of positions, mapped writable
	 * @param data the data, a power of two long and 8-byte aligned
	 */
	ring(perf_event_mmap_page *page, std::span<const std::byte> data);

	/** Take the kernel's position, once, so that a busy kernel cannot keep us here. @return
	 * bytes unread */
	uint64_t refresh() noexcept
	{
		// What is left of the run is judged by the new position.
		end_ = cursor();
		left_ = 0;
		head_ = load_head();
		return head_ - end_;
	}

	/** Step to the next record before the position taken. One that wraps is copied, valid until
	 * the next step. */
	step next(record &out) noexcept
	{
		if (step_in_run(out)) [[likely]]
			return step::record;
		if (const step what = next_run(); what != step::record)
			return what;
		return step_in_run(out) ? step::record : step::corrupt;
	}

	/**
	 * next(), until it finds no record, with use(record) of each: the fastest way through, as
	 * what next() keeps in the ring is here kept in registers. The ring is not to be touched by
	 * `use`; where that throws, records that it has seen come again.
	 * @return empty or corrupt
	 */
	template <typename Use>
	step each(Use &&use)
	{
		step what;
		while ((what = next_run()) == step::record) {
			const std::byte *here = here_;
			size_t left = left_;
			uint32_t words = words_at(here);
			if (!can_be(words, left))
				return step::corrupt;
			do {
				use(record(std::span(here, words * word)));
				here += words * word;
				left -= words;
			} while (left != 0 && can_be(words = words_at(here), left));
			here_ = here;
			left_ = left;
		}
		return what;
	}

	/** What was stepped over since release(), as it lies in the ring: whole records, for
	 * writev(2). */
	std::array<std::span<const std::byte>, 2> passed() const noexcept;

	/** Give the kernel what was stepped over. Records and spans from before are no longer
	 * valid. */
	void release() noexcept
	{
		const uint64_t tail = cursor();
		if (tail_ == tail)
			return;
		tail_ = tail;
		store_tail(tail);
	}

	/** After corrupt: give up all that is unread and begin anew at the kernel's position.
	 * @return bytes given up */
	uint64_t skip_all() noexcept;

private:
	// C, pairs with B, the barrier before the kernel's store of data_head: what we load behind
	// this is finished.
	uint64_t load_head() const noexcept
	{
		return __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
	}
	// D, pairs with A, the kernel's branch on the space left: our loads are done when it writes
	// there.
	void store_tail(uint64_t tail) noexcept
	{
		__atomic_store_n(&page_->data_tail, tail, __ATOMIC_RELEASE);
	}

	// Sizes are counted in words: whatever is no multiple of one shows by itself.
	static constexpr size_t word = 8;
	static_assert(word == sizeof(perf_event_header));

	// The words of the record at `here`. The rotation makes a size that is no multiple of one
	// larger than any run.
	static uint32_t words_at(const std::byte *here) noexcept
	{
		uint16_t size;
		std::memcpy(&size, here + offsetof(perf_event_header, size), sizeof(size));
		return std::rotr<uint32_t>(size, std::countr_zero(word));
	}
	// Whether a record of so many words can stand in what is left: one comparison, as 0 wraps
	// around.
	static bool can_be(uint32_t words, size_t left) noexcept { return words - 1 < left; }

	bool step_in_run(record &out) noexcept
	{
		if (left_ == 0)
			return false;
		const uint32_t words = words_at(here_);
		if (!can_be(words, left_))
			return false;
		out = record(std::span(here_, words * word));
		here_ += words * word;
		left_ -= words;
		return true;
	}

	uint64_t cursor() const noexcept { return end_ - left_ * word; }

	// A run that begins with a record that can be; empty or corrupt where there is none. Where
	// the last one stopped, whether it came to its end or not.
	step next_run() noexcept;

	// Longest run, words: less than what words_at() makes of an odd size.
	static constexpr uint64_t longest_run = uint64_t{1} << 28;

	// INVARIANT: `left_` words from `here_` on are readable, before head_, and contiguous: in
	// the data, or one record in scratch_. They end at the position end_.
	const std::byte *here_ = nullptr;
	size_t left_ = 0;
	uint64_t end_;
	uint64_t head_;
	uint64_t tail_; // as the kernel knows it
	perf_event_mmap_page *page_;
	std::span<const std::byte> data_;
	std::unique_ptr<std::byte[]> scratch_; // the longest record that a u16 size allows
};

} // namespace perfbuf::reader
