/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a ring's data area: 2^n pages, cut into equal chunks that are
 * contiguous in kernel space.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

inline constexpr u32 page_shift = PB_PAGE_SHIFT;
inline constexpr u64 page_size = u64{1} << page_shift;

enum class storage_kind {
	pages,	  /* single pages from alloc_pages, in the kernel's linear map */
	vmalloc,  /* one chunk, virtually contiguous (perf's CONFIG_PERF_USE_VMALLOC) */
	mirrored, /* one chunk mapped twice in a row: a record never wraps */
};

/*
 * Invariants: chunk_count_ is 0 or 2^k; each chunk is 2^chunk_shift_ bytes; the sum is size().
 */
class storage
{
public:
	/*
	 * @nr_pages: 0 or 2^n. Where the architecture needs it, pages become vmalloc. Process
	 * context, may sleep. ENOMEM, EINVAL.
	 */
	static cxxrt::result<storage> create(storage_kind kind, u32 nr_pages, int node) noexcept;

	storage(storage &&other) noexcept;
	storage(const storage &) = delete;
	storage &operator=(const storage &) = delete;
	~storage();

	/* Bytes. */
	u64 size() const noexcept { return u64{chunk_count_} << chunk_shift_; }
	u32 nr_pages() const noexcept { return static_cast<u32>(size() >> page_shift); }
	storage_kind kind() const noexcept { return kind_; }

	/* The bytes at @position of the stream and on to the end of their chunk. */
	struct span {
		char *address;
		u64 bytes;
	};

	span at(u64 position) const noexcept
	{
		const u64 in_chunk = position & chunk_mask_;
		const u64 chunk = (position >> chunk_shift_) & last_chunk_;

		return {chunks_[chunk] + in_chunk, reach_ - in_chunk};
	}

	/* Single pages, or nullptr. */
	char *const *pages() const noexcept
	{
		return kind_ == storage_kind::pages ? chunks_ : nullptr;
	}

	/* Where the chunk ends in which @position is. */
	u64 chunk_end(u64 position) const noexcept { return (position | chunk_mask_) + 1; }

	/* The kernel address of data page @index < nr_pages(). */
	char *page(u32 index) const noexcept { return at(u64{index} << page_shift).address; }

private:
	storage(storage_kind kind, u32 chunk_shift) noexcept
		: chunk_shift_(chunk_shift), kind_(kind), chunk_mask_((u64{1} << chunk_shift) - 1),
		  reach_(u64{1} << (chunk_shift + (kind == storage_kind::mirrored)))
	{
	}

	char **chunks_ = nullptr;
	u32 chunk_count_ = 0;
	u32 last_chunk_ = 0; /* chunk_count_ - 1, where there is one */
	u32 chunk_shift_;
	storage_kind kind_;
	u64 chunk_mask_; /* bytes of a chunk, less 1 */
	u64 reach_;	 /* bytes that are contiguous from the start of a chunk */
};

} // namespace perfbuf
