/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a ring's data area: 2^n pages, cut into equal chunks that are
 * contiguous in kernel space.
 */
#pragma once

#include "ring/abi.hpp"
#include "ring/ring_memory.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

inline constexpr u32 page_shift = PB_PAGE_SHIFT;
inline constexpr u64 page_size = u64{1} << page_shift;

enum class storage_kind {
	pages,	  /* of alloc_pages, in the kernel's linear map */
	vmalloc,  /* one chunk, virtually contiguous (perf's CONFIG_PERF_USE_VMALLOC) */
	mirrored, /* one chunk mapped twice in a row: a record never wraps */
};

/*
 * Invariants: there are 0 or 2^k pages, in chunks of 2^chunk_shift_ bytes, all of which are filled;
 * pages_ says where each of them is.
 */
class storage
{
public:
	/*
	 * @nr_pages: 0 or 2^n. @page_order: of pages, a chunk has 2^@page_order, or fewer where
	 * there are few. Where the architecture needs it, pages become vmalloc. @memory: the
	 * chunks come from it; not storage_kind::mirrored. Process context, may sleep. ENOMEM,
	 * EINVAL.
	 */
	static cxxrt::result<storage> create(storage_kind kind, u32 nr_pages, int node,
					     u32 page_order = 0,
					     ring_memory *memory = nullptr) noexcept;

	storage(storage &&other) noexcept;
	storage(const storage &) = delete;
	storage &operator=(const storage &) = delete;
	~storage();

	/* Bytes. */
	u64 size() const noexcept { return u64{nr_pages_} << page_shift; }
	u32 nr_pages() const noexcept { return nr_pages_; }
	storage_kind kind() const noexcept { return kind_; }

	/* The bytes at @position of the stream and on to the end of their chunk. */
	struct span {
		char *address;
		u64 bytes;
	};

	span at(u64 position) const noexcept
	{
		/* contiguous_mask_ is all ones, so the XOR subtracts. */
		return {address(position), (contiguous_mask_ ^ (position & chunk_mask_)) + 1};
	}

	char *address(u64 position) const noexcept
	{
		return pages_[(position & mask_) >> page_shift] + (position & (page_size - 1));
	}

	/* Bytes from the start of its chunk to @position. */
	u64 chunk_offset(u64 position) const noexcept { return position & chunk_mask_; }

	/* Where the chunk of @position ends. */
	u64 chunk_end(u64 position) const noexcept { return (position | chunk_mask_) + 1; }

	/* The kernel address of data page @index < nr_pages(). */
	char *page(u32 index) const noexcept { return pages_[index]; }

private:
	static cxxrt::result<storage> create_chunks(storage_kind kind, u32 nr_pages,
						    u32 chunk_shift, int node,
						    ring_memory *memory) noexcept;
	storage(storage_kind kind, u32 chunk_shift, ring_memory *memory) noexcept
		: chunk_shift_(chunk_shift), kind_(kind), chunk_mask_((u64{1} << chunk_shift) - 1),
		  contiguous_mask_((u64{1} << (chunk_shift + (kind == storage_kind::mirrored))) -
				   1),
		  memory_(memory)
	{
	}

	char **pages_ = nullptr;
	u32 nr_pages_ = 0;
	u32 chunk_shift_;
	storage_kind kind_;
	u64 mask_ = 0;	      /* size() - 1, once it is filled */
	u64 chunk_mask_;      /* bytes of a chunk, less 1 */
	u64 contiguous_mask_; /* bytes that are contiguous from the start of a chunk, less 1 */
	ring_memory *memory_;
};

} // namespace perfbuf
