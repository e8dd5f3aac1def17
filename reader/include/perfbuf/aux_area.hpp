// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The reader's half of an AUX area (docs/aux.md): bytes that the source writes by itself and the
 * ring announces. Positions only ever grow (modulo 2^64); a position's place is its low bits. The
 * kernel owns aux_head, we own aux_tail.
 *
 *   kernel                                  user
 *
 *   LOAD aux_tail                           LOAD aux_head
 *     (A: branch on the space left)           (F: smp_rmb)
 *   STORE bytes                             LOAD data_head, the records: ring.hpp
 *     (B: smp_wmb)                            (C: smp_rmb)
 *   PERF_RECORD_AUX                         LOAD bytes
 *     (E: smp_wmb)                            (D: smp_mb)
 *   STORE aux_head                          STORE aux_tail
 *
 * E pairs with F: who sees a head finds the records of all that is under it in the ring, and the
 * bytes with them. A pairs with D: the kernel writes over bytes only after we are done with them.
 * Our F is a load-acquire and D a store-release, for the reasons given in ring.hpp.
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <perfbuf/file.hpp>
#include <perfbuf/mapping.hpp>
#include <perfbuf/result.hpp>
#include <span>

namespace perfbuf::reader
{

/**
 * The area, mapped, and a cursor over it. The round of a reader: refresh(), then the ring's records
 * (they say what is amiss: PERF_AUX_FLAG_*), unread(), release(). One thread at a time.
 */
class aux_area
{
public:
	/**
	 * Map it behind the ring's data, consuming: a full area loses the newest.
	 * @param ring  of the same file; must outlive the area
	 * @param pages a power of two
	 * Errors: EINVAL not a power of two, EOPNOTSUPP the source has no AUX, EPERM over what may
	 * be locked (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb), ENOMEM.
	 */
	static result<aux_area> map(const file &of, const mapping &ring, size_t pages);

	/** A cursor over an area that stands elsewhere: `bytes` is a power of two long. */
	aux_area(perf_event_mmap_page *page, std::span<const std::byte> bytes) noexcept;

	aux_area(aux_area &&other) noexcept;
	aux_area &operator=(aux_area &&other) noexcept;
	~aux_area();

	/**
	 * Take the kernel's position, once.
	 * @return bytes unread; nothing: the positions are impossible, skip_all() begins anew
	 */
	std::optional<uint64_t> refresh() noexcept;

	/** What stands before the position taken; empty where that is impossible. */
	std::array<std::span<const std::byte>, 2> unread() const noexcept;

	/** The position of unread()'s first byte in the stream. */
	uint64_t position() const noexcept { return tail_; }

	/** Give the kernel what unread() showed. */
	void release() noexcept;

	/** Give up all that is unread. @return bytes given up */
	uint64_t skip_all() noexcept;

	size_t size() const noexcept { return bytes_.size(); }

private:
	uint64_t load_head() const noexcept;
	void store_tail(uint64_t tail) noexcept;

	perf_event_mmap_page *page_;
	std::span<const std::byte> bytes_;
	bool mapped_ = false; // by us, so that we unmap it
	uint64_t tail_;	      // as the kernel knows it
	uint64_t head_;	      // as of the last refresh()
};

} // namespace perfbuf::reader
