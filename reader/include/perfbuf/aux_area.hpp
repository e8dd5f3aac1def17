// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The reader's half of an AUX area (docs/aux.md): bytes that the source writes by itself and the
 * ring announces. Positions only grow (modulo 2^64); the low bits of a position are the offset in
 * the area. The kernel writes aux_head, the reader aux_tail.
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
 * E pairs with F: a reader that sees a head finds the bytes before it, and their records in the
 * ring. A pairs with D: the kernel overwrites bytes only after the reader has read them. Here F is
 * a load-acquire and D a store-release, for the reasons given in ring.hpp.
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
 * The mapped area, and a cursor over it. A round of a reader: refresh(), then the ring's records
 * (their PERF_AUX_FLAG_* report losses), unread(), release(). One thread at a time.
 */
class aux_area
{
public:
	/**
	 * Map it behind the ring's data, writable: a full area loses the newest bytes.
	 * @param ring  of the same file; must outlive the area
	 * @param pages a power of two
	 * Errors: EINVAL not a power of two, EOPNOTSUPP the source has no AUX, EPERM over what may
	 * be locked (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb), ENOMEM.
	 */
	static result<aux_area> map(const file &of, const mapping &ring, size_t pages);

	/** A cursor over an area that the caller has mapped: `bytes` is a power of two long. */
	aux_area(perf_event_mmap_page *page, std::span<const std::byte> bytes) noexcept;

	aux_area(aux_area &&other) noexcept;
	aux_area &operator=(aux_area &&other) noexcept;
	~aux_area();

	/**
	 * Read the kernel's position, once for each round.
	 * @return bytes unread; nothing: a position is wrong, call skip_all()
	 */
	std::optional<uint64_t> refresh() noexcept;

	/** The unread bytes before the position that refresh() read; empty if that is wrong. */
	std::array<std::span<const std::byte>, 2> unread() const noexcept;

	/** The position of unread()'s first byte in the stream. */
	uint64_t position() const noexcept { return tail_; }

	/** Let the kernel overwrite the bytes that unread() returned. */
	void release() noexcept;

	/** Skip all unread bytes. @return bytes skipped */
	uint64_t skip_all() noexcept;

	size_t size() const noexcept { return bytes_.size(); }

private:
	uint64_t load_head() const noexcept;
	void store_tail(uint64_t tail) noexcept;

	perf_event_mmap_page *page_;
	std::span<const std::byte> bytes_;
	bool mapped_ = false; // by map(), so the destructor unmaps it
	uint64_t tail_;	      // aux_tail, as it was stored last
	uint64_t head_;	      // as of the last refresh()
};

} // namespace perfbuf::reader
