// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The file (or pipe) that records go to. It knows how much is there, and where records begin, so
 * that a file that could not take all of it can be cut back to whole ones.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <span>
#include <vector>

namespace perfbuf::perfdata
{

class output
{
public:
	explicit output(reader::unique_fd fd) noexcept : fd_(std::move(fd)) {}

	/** Append all of the pieces. After an error, anything from none to all of them stands
	 * there. */
	reader::result<void> append(std::span<const std::span<const std::byte>> pieces);
	reader::result<void> append(std::span<const std::byte> piece)
	{
		return append({&piece, 1});
	}

	/** Write over what stands at `offset`. */
	reader::result<void> patch(uint64_t offset, std::span<const std::byte> piece);

	/** A record begins here: at the end. Called where records begin, as often as is convenient.
	 */
	void mark();

	/**
	 * Cut the file back to whole records that end at or before `limit`, counted from the first
	 * mark.
	 * @return bytes that are left
	 */
	reader::result<uint64_t> trim(uint64_t limit);

	/** Nothing stands behind what was appended: what patch() put there goes. */
	void cut_tail() noexcept;

	uint64_t size() const noexcept { return size_; }

private:
	reader::unique_fd fd_;
	uint64_t size_ = 0;
	std::vector<uint64_t> marks_; // rising, at least mark_distance apart
};

} // namespace perfbuf::perfdata
