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
#include <cstddef>
#include <cstdint>
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
 * A cursor. The round of a reader: refresh(), next() until it says empty, release().
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
	uint64_t refresh() noexcept;

	/** Step to the next record before the position taken. One that wraps is copied, valid until
	 * the next step. */
	step next(record &out) noexcept;

	/** What next() has stepped over since release(), as it lies in the ring: whole records, for
	 * writev(2). */
	std::array<std::span<const std::byte>, 2> passed() const noexcept;

	/** Give the kernel what next() has stepped over. Records and spans from before are no
	 * longer valid. */
	void release() noexcept;

	/** After corrupt: give up all that is unread and begin anew at the kernel's position.
	 * @return bytes given up */
	uint64_t skip_all() noexcept;

private:
	uint64_t load_head() const noexcept;
	void store_tail(uint64_t tail) noexcept;

	perf_event_mmap_page *page_;
	std::span<const std::byte> data_;
	std::unique_ptr<std::byte[]> scratch_; // the longest record that a u16 size allows
	uint64_t tail_;			       // as the kernel knows it
	uint64_t cursor_;		       // tail_ <= cursor_ <= head_, or head_ is impossible
	uint64_t head_;
};

} // namespace perfbuf::reader
