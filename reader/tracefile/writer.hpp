// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Writes the file of a function trace. Its life: begin(); about(), symbols(), bytes() as
 * they come; finish(). */
#pragma once

#include <cstddef>
#include <cstdint>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracefile/format.hpp"
#include "tracefile/symbols.hpp"

namespace perfbuf::tracefile
{

/** Names and values, in order. Neither has line breaks, a name no blanks. */
using facts = std::vector<std::pair<std::string, std::string>>;

class writer
{
public:
	/** @param to empty, and seekable */
	explicit writer(reader::unique_fd to) noexcept : fd_(std::move(to)) {}

	/** The header and what is known before recording. */
	reader::result<void> begin(const facts &about);

	/** Names of functions. */
	reader::result<void> symbols(const symbol_table &names);

	/**
	 * Writes the next bytes of a stream, in as many chunks as it takes.
	 * @param position of the first byte in the stream
	 * @param was_full calls are missing behind these bytes, or within them
	 */
	reader::result<void> bytes(uint32_t stream, uint32_t cpu, uint64_t position,
				   std::span<const std::byte> piece, bool was_full);

	/**
	 * Close the file in order. If it could not take all, it is cut back to whole chunks and
	 * space for the end.
	 * @return bytes that were given up
	 */
	reader::result<uint64_t> finish(const facts &end);

	/** The size of the file, bytes. */
	uint64_t size() const noexcept { return size_; }
	bool failed() const noexcept { return failed_; }
	/** Give it back, to be read. */
	reader::unique_fd release_file() noexcept { return std::move(fd_); }

private:
	reader::result<void> chunk(chunk_header header, std::span<const std::byte> payload);
	reader::result<void> text(chunk_type type, const facts &lines);
	reader::result<void> put(std::span<const std::span<const std::byte>> pieces);
	bool cut_to(uint64_t size) noexcept;

	reader::unique_fd fd_;
	uint64_t size_ = 0;	     // of whole chunks
	std::vector<uint64_t> ends_; // of the last few chunks, rising
	uint64_t given_up_ = 0;
	uint32_t number_ = 0;
	bool failed_ = false;
};

} // namespace perfbuf::tracefile
