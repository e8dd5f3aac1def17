/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that keeps its content over a warm reboot: struct perfbuf_persist_header, and behind it
 * the recorders of this boot. What the boot before left is copied away at the module's load, and
 * nothing in it is looked at in the kernel but the magic.
 */
#pragma once

#include "recorder/persist_wish.hpp"
#include "recorder/region.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

class persisted_memory
{
public:
	/*
	 * EINVAL, E2BIG, ENOENT (no reserve_mem of that name), EOPNOTSUPP (a kernel without
	 * reserve_mem), EBUSY (memory in use), ENXIO (no memory), ENOMEM: the log says why.
	 * Process context, sleeps.
	 */
	static cxxrt::result<cxxrt::unique_ptr<persisted_memory>>
	create(const char *parameter) noexcept;

	persisted_memory() noexcept = default;
	persisted_memory(const persisted_memory &) = delete;
	persisted_memory &operator=(const persisted_memory &) = delete;
	/* The memory is zeroed, and given back. No recorder is in it. */
	~persisted_memory();

	region &pages() noexcept { return *region_; }

	/* Copies the memory of the boot before to user memory: struct perfbuf_previous_boot at
	 * @argument.
	 */
	cxxrt::result<void> copy_previous(u64 argument) const noexcept;

private:
	cxxrt::result<void> begin(const char *parameter, const char **why) noexcept;
	cxxrt::result<void> keep_previous(const char **why) noexcept;
	bool is_memory() noexcept;

	persist_wish where_;
	bool is_claimed_ = false;
	bool is_begun_ = false; /* the content is ours */
	char *address_ = nullptr;
	cxxrt::unique_ptr<region> region_;
	char *previous_ = nullptr; /* a copy of all of it */
	int why_none_ = ENODATA;   /* ... or the reason why there is none */
};

/* nullptr: the parameter is not given. From perfbuf_persist_init() to perfbuf_persist_exit(). */
persisted_memory *the_persisted_memory() noexcept;

} // namespace perfbuf
