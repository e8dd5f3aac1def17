// SPDX-License-Identifier: GPL-2.0
/* Allocates and frees the pages of a data area, and maps them for the kernel. Process context, may
 * sleep. */
#include "ring/storage.hpp"

#include "ring/pages.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

char *chunk_alloc(storage_kind kind, u32 chunk_shift, int node, ring_memory *memory) noexcept
{
	if (memory)
		return static_cast<char *>(memory->alloc(chunk_shift - page_shift));
	if (kind == storage_kind::pages)
		return static_cast<char *>(pb_pages_alloc(node, chunk_shift - page_shift));
	return static_cast<char *>(
		pb_vmalloc_alloc(1UL << chunk_shift, node, kind == storage_kind::mirrored));
}

void chunk_free(storage_kind kind, u32 chunk_shift, char *chunk, ring_memory *memory) noexcept
{
	if (memory)
		memory->free(chunk, chunk_shift - page_shift);
	else if (kind == storage_kind::pages)
		pb_pages_free(chunk, chunk_shift - page_shift);
	else
		pb_vmalloc_free(chunk, 1UL << chunk_shift, kind == storage_kind::mirrored);
}

} // namespace

result<storage> storage::create(storage_kind kind, u32 nr_pages, int node, u32 page_order,
				ring_memory *memory) noexcept
{
	if (nr_pages & (nr_pages - 1))
		return error(EINVAL);
	if (PB_USE_VMALLOC && kind == storage_kind::pages)
		kind = storage_kind::vmalloc;
	if (!nr_pages)
		return storage(kind, page_shift, memory);

	const u32 whole = static_cast<u32>(std::countr_zero(nr_pages));

	if (kind != storage_kind::pages)
		return create_chunks(kind, nr_pages, page_shift + whole, node, memory);
	for (u32 order = cxxrt::min(page_order, whole);; order--) {
		result<storage> made =
			create_chunks(kind, nr_pages, page_shift + order, node, memory);

		if (made || !order)
			return made;
	}
}

result<storage> storage::create_chunks(storage_kind kind, u32 nr_pages, u32 chunk_shift, int node,
				       ring_memory *memory) noexcept
{
	storage made(kind, chunk_shift, memory);

	made.pages_ = static_cast<char **>(cxxrt_alloc(nr_pages * sizeof(char *), PB_GFP_KERNEL));
	if (!made.pages_)
		return error(ENOMEM);

	/* The count grows with what is there, so that the destructor frees just that. */
	while (made.nr_pages_ < nr_pages) {
		char *chunk = chunk_alloc(kind, chunk_shift, node, memory);

		if (!chunk)
			return error(ENOMEM);
		for (u64 at = 0; at <= made.chunk_mask_; at += page_size)
			made.pages_[made.nr_pages_++] = chunk + at;
	}
	made.mask_ = made.size() - 1;
	return made;
}

storage::storage(storage &&other) noexcept
	: pages_(std::exchange(other.pages_, nullptr)),
	  nr_pages_(std::exchange(other.nr_pages_, 0)), chunk_shift_(other.chunk_shift_),
	  kind_(other.kind_), mask_(other.mask_), chunk_mask_(other.chunk_mask_),
	  contiguous_mask_(other.contiguous_mask_), memory_(other.memory_)
{
}

storage::~storage()
{
	for (u32 i = 0; i < nr_pages_; i += 1u << (chunk_shift_ - page_shift))
		chunk_free(kind_, chunk_shift_, pages_[i], memory_);
	cxxrt_free(pages_);
}

} // namespace perfbuf
