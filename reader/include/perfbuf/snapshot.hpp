// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * A ring in overwrite mode, written backwards (attr.write_backward, mapped read-only): the newest
 * record stands at data_head and older ones follow it. Pause the file, then walk; a running kernel
 * would write over what is read.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/perf_event.h>
#include <memory>
#include <perfbuf/record.hpp>
#include <perfbuf/ring.hpp>
#include <span>

namespace perfbuf::reader
{

class snapshot
{
public:
	/** Takes the kernel's position once. The file is paused by file::pause(). */
	snapshot(const perf_event_mmap_page *page, std::span<const std::byte> data);

	/** The next older record. Says empty at the oldest whole one: what stands behind it is half
	 * overwritten. */
	step next(record &out) noexcept;

private:
	std::span<const std::byte> data_;
	std::unique_ptr<std::byte[]> scratch_;
	uint64_t cursor_;
	uint64_t left_; // bytes not walked yet
	bool cut_;	// more was written than the ring holds
};

} // namespace perfbuf::reader
