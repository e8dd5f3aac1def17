// SPDX-License-Identifier: GPL-2.0
#include "ring/storage.hpp"

#include "ring/pages.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

char *chunk_alloc(storage_kind kind, u32 chunk_shift, int node) noexcept
{
	if (kind == storage_kind::pages)
		return static_cast<char *>(pb_pages_alloc(node, chunk_shift - page_shift));
	return static_cast<char *>(
		pb_vmalloc_alloc(1UL << chunk_shift, node, kind == storage_kind::mirrored));
}

void chunk_free(storage_kind kind, u32 chunk_shift, char *chunk) noexcept
{
	if (kind == storage_kind::pages)
		pb_pages_free(chunk, chunk_shift - page_shift);
	else
		pb_vmalloc_free(chunk, 1UL << chunk_shift, kind == storage_kind::mirrored);
}

} // namespace

result<storage> storage::create(storage_kind kind, u32 nr_pages, int node) noexcept
{
	if (nr_pages & (nr_pages - 1))
		return error(EINVAL);
	if (PB_USE_VMALLOC && kind == storage_kind::pages)
		kind = storage_kind::vmalloc;

	const bool one_chunk = kind != storage_kind::pages && nr_pages;
	storage made(kind, page_shift + (one_chunk ? std::countr_zero(nr_pages) : 0));
	const u32 wanted = one_chunk ? 1 : nr_pages;

	if (!wanted)
		return made;

	made.chunks_ = static_cast<char **>(cxxrt_alloc(wanted * sizeof(char *), PB_GFP_KERNEL));
	if (!made.chunks_)
		return error(ENOMEM);

	/* The count grows with what is there, so that the destructor frees just that. */
	for (; made.chunk_count_ < wanted; made.chunk_count_++) {
		char *chunk = chunk_alloc(kind, made.chunk_shift_, node);

		if (!chunk)
			return error(ENOMEM);
		made.chunks_[made.chunk_count_] = chunk;
		made.last_chunk_ = made.chunk_count_;
	}
	return made;
}

storage::storage(storage &&other) noexcept
	: chunks_(std::exchange(other.chunks_, nullptr)),
	  chunk_count_(std::exchange(other.chunk_count_, 0)), last_chunk_(other.last_chunk_),
	  chunk_shift_(other.chunk_shift_), kind_(other.kind_), chunk_mask_(other.chunk_mask_),
	  reach_(other.reach_)
{
}

storage::~storage()
{
	for (u32 i = 0; i < chunk_count_; i++)
		chunk_free(kind_, chunk_shift_, chunks_[i]);
	cxxrt_free(chunks_);
}

} // namespace perfbuf
