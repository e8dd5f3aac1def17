// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The mapping of a file's ring: the page of positions and the data behind it. */
#pragma once

#include <cstddef>
#include <linux/perf_event.h>
#include <perfbuf/file.hpp>
#include <perfbuf/result.hpp>
#include <span>

namespace perfbuf::reader
{

/** @return the size of a page, bytes */
size_t page_size() noexcept;

class mapping
{
public:
	enum class access {
		consume,   /**< the reader moves data_tail; a full ring loses the newest */
		overwrite, /**< read-only: the ring overwrites the oldest, see snapshot.hpp */
	};

	/**
	 * Map a configured file.
	 * @param pages data pages, a power of two
	 * Errors: EINVAL not a power of two or not a file that can be mapped, EPERM over what may
	 * be locked (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb), ENOMEM.
	 */
	static result<mapping> map(const file &of, size_t pages, access how = access::consume);

	mapping(mapping &&other) noexcept;
	mapping &operator=(mapping &&other) noexcept;
	~mapping();

	/** The page of positions. Its data_head and data_tail are touched by ring.hpp alone. */
	perf_event_mmap_page *user_page() const noexcept
	{
		return static_cast<perf_event_mmap_page *>(base_);
	}
	/** The data: 2^n pages. */
	std::span<const std::byte> data() const noexcept { return data_; }

private:
	mapping(void *base, size_t length, std::span<const std::byte> data) noexcept
		: base_(base), length_(length), data_(data)
	{
	}

	void *base_;
	size_t length_; // of the whole mapping, bytes
	std::span<const std::byte> data_;
};

} // namespace perfbuf::reader
