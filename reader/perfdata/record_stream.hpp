// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The records of a pipe, one after the other, as they come: no more than a megabyte is held.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <perfbuf/record.hpp>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <span>
#include <vector>

namespace perfbuf::perfdata
{

class record_stream
{
public:
	/** @param from behind the header */
	explicit record_stream(reader::unique_fd from);

	/** Waits for it. @return the next record, valid until the next call; nothing at the end
	 * Errors: what reading says; EINVAL, what comes is no record. */
	reader::result<std::optional<reader::record>> next();
	/** next() returns the last record once more. */
	void again() noexcept { begin_ = last_; }
	/** @return bytes that follow the last record; fewer at the end */
	reader::result<std::vector<std::byte>> take(uint64_t size);
	/** The same without storing them. */
	reader::result<void> skip(uint64_t size);

	/** Would next() have to wait? */
	bool is_empty() const noexcept;
	/** Of the last record. */
	uint64_t position() const noexcept { return before_ + last_; }

private:
	reader::result<bool> fill(size_t wanted);
	size_t left() const noexcept { return end_ - begin_; }

	reader::unique_fd from_;
	std::vector<std::byte> held_;
	size_t last_ = 0, begin_ = 0, end_ = 0; // in held_
	uint64_t before_;			// bytes of the stream before held_
};

} // namespace perfbuf::perfdata
