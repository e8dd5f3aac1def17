// SPDX-License-Identifier: GPL-2.0
/* Allocates and frees the pages of an AUX area. Process context, may sleep. */
#include "ring/aux_storage.hpp"

#include "ring/pages.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::min;
using cxxrt::result;

result<aux_storage> aux_storage::create(u64 nr_pages, const aux_requirements &wanted,
					int node) noexcept
{
	if (!nr_pages || nr_pages & (nr_pages - 1))
		return error(EINVAL);
	if (nr_pages > aux_pages_max)
		return error(ENOMEM);

	aux_storage made(wanted.virtual_memory);

	made.pages_ = static_cast<void **>(cxxrt_alloc(nr_pages * sizeof(void *), PB_GFP_KERNEL));
	made.orders_ = static_cast<u8 *>(cxxrt_alloc(nr_pages, PB_GFP_KERNEL));
	if (!made.pages_ || !made.orders_)
		return error(ENOMEM);

	if (made.virtual_) {
		void *all = pb_vmalloc_alloc(nr_pages << page_shift, node, 0);

		if (!all)
			return error(ENOMEM);
		made.add_pages(static_cast<char *>(all), static_cast<u32>(nr_pages));
		return made;
	}

	const u32 whole = static_cast<u32>(std::countr_zero(nr_pages));
	u32 order = wanted.one_chunk ? whole : min(wanted.max_order, whole);

	if (wanted.one_chunk && order > PB_PAGE_ORDER_MAX)
		return error(ENOMEM);
	order = min<u32>(order, PB_PAGE_ORDER_MAX);

	/* The remaining pages are always a multiple of 2^order, because order only decreases. */
	while (made.filled_ < nr_pages) {
		if (!made.add_chunk(order, wanted.one_chunk, node))
			return error(ENOMEM);
	}
	return made;
}

bool aux_storage::add_chunk(u32 &order, bool exactly, int node) noexcept
{
	for (;;) {
		char *chunk = static_cast<char *>(pb_pages_alloc(node, order));

		if (chunk) {
			orders_[filled_] = static_cast<u8>(order);
			add_pages(chunk, 1u << order);
			return true;
		}
		if (!order || exactly)
			return false;
		order--;
	}
}

void aux_storage::add_pages(char *chunk, u32 count) noexcept
{
	for (u32 i = 0; i < count; i++)
		pages_[filled_++] = chunk + (u64{i} << page_shift);
}

aux_storage::aux_storage(aux_storage &&other) noexcept
	: pages_(std::exchange(other.pages_, nullptr)),
	  orders_(std::exchange(other.orders_, nullptr)), filled_(std::exchange(other.filled_, 0)),
	  virtual_(other.virtual_)
{
}

aux_storage::~aux_storage()
{
	if (virtual_ && filled_) {
		pb_vmalloc_free(pages_[0], size(), 0);
	} else {
		for (u32 i = 0; i < filled_; i += 1u << orders_[i])
			pb_pages_free(pages_[i], orders_[i]);
	}
	cxxrt_free(orders_);
	cxxrt_free(pages_);
}

} // namespace perfbuf
