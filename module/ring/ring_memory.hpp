/* SPDX-License-Identifier: GPL-2.0 */
/* Memory for a ring in place of the kernel's pages: the recorder has some that survives a reboot.
 */
#pragma once

#include "ring/abi.hpp"

namespace perfbuf
{

/* It outlives the rings in it. */
class ring_memory
{
public:
	/*
	 * 2^@order pages, at least 4096 bytes, zeroed, contiguous in kernel space. nullptr: there
	 * are none. Process context, may sleep.
	 */
	virtual void *alloc(u32 order) noexcept = 0;
	/* Process context, may sleep. */
	virtual void free(void *address, u32 order) noexcept = 0;

protected:
	~ring_memory() = default;
};

} // namespace perfbuf
