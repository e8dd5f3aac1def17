/* SPDX-License-Identifier: GPL-2.0 */
/* The pages of a piece of memory that survives a reboot: recorders lie in it, rings and all. */
#pragma once

#include "ring/ring_memory.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

/* Lock: its mutex, innermost. */
class region final : public ring_memory
{
public:
	/* @bytes, whole pages, at @address; that is @physical. They outlive it. */
	region(void *address, u64 physical, u64 bytes) noexcept;
	region(const region &) = delete;
	region &operator=(const region &) = delete;
	~region();

	/* ENOMEM. Process context, may sleep. */
	cxxrt::result<void> set_up() noexcept;

	/* The first @pages pages that are free in a row, zeroed; nullptr: there are none. Process
	 * context, may sleep. */
	void *take(u64 pages) noexcept;
	void give_back(void *address, u64 pages) noexcept;

	void *alloc(u32 order) noexcept override { return take(u64{1} << order); }
	void free(void *address, u32 order) noexcept override
	{
		give_back(address, u64{1} << order);
	}

	/* Of an address in it. */
	u64 physical(const void *address) const noexcept
	{
		return physical_ + static_cast<u64>(static_cast<const char *>(address) - address_);
	}
	u64 free_pages() noexcept;

private:
	struct state {
		bool *is_taken = nullptr; /* of each page */
		u64 free = 0;
	};

	char *address_;
	const u64 physical_;
	const u64 page_count_;
	cxxrt::guarded<state, cxxrt::mutex> state_;
};

} // namespace perfbuf
