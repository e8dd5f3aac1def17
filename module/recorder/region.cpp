// SPDX-License-Identifier: GPL-2.0
/* Allocates pages of a piece of memory that survives a reboot. */
#include "recorder/region.hpp"

#include "ring/storage.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class region_lock_class{"perfbuf persisted region", {}};

} // namespace

region::region(void *address, u64 physical, u64 bytes) noexcept
	: address_(static_cast<char *>(address)), physical_(physical),
	  page_count_(bytes >> page_shift), state_(region_lock_class)
{
}

region::~region()
{
	cxxrt_free(state_.unshared().is_taken);
}

result<void> region::set_up() noexcept
{
	state &all = state_.unshared();

	all.is_taken = static_cast<bool *>(cxxrt_alloc(page_count_, PB_GFP_KERNEL));
	if (!all.is_taken)
		return error(ENOMEM);
	all.free = page_count_;
	return {};
}

void *region::take(u64 pages) noexcept
{
	char *found = nullptr;
	{
		auto all = state_.lock();
		u64 in_a_row = 0;

		for (u64 at = 0; at < page_count_ && !found; at++) {
			in_a_row = all->is_taken[at] ? 0 : in_a_row + 1;
			if (in_a_row < pages)
				continue;

			const u64 first = at + 1 - pages;

			for (u64 i = first; i <= at; i++)
				all->is_taken[i] = true;
			all->free -= pages;
			found = address_ + (first << page_shift);
		}
	}
	if (found)
		__builtin_memset(found, 0, pages << page_shift);
	return found;
}

void region::give_back(void *address, u64 pages) noexcept
{
	const u64 first = static_cast<u64>(static_cast<char *>(address) - address_) >> page_shift;
	auto all = state_.lock();

	for (u64 i = first; i < first + pages; i++)
		all->is_taken[i] = false;
	all->free += pages;
}

u64 region::free_pages() noexcept
{
	return state_.lock()->free;
}

} // namespace perfbuf
