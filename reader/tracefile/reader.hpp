// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Reads the file of a function trace. What does not hold is left out and counted: a file that was
 * cut or damaged gives what is whole.
 *
 * Memory, whatever the file says: an index of the chunks, less than three times their size; names
 * up to most_symbols; and while it is read, for each stream a chunk and less than 9 KiB, that is
 * 576 MiB for most_streams. What a file says of a size is checked before space is made for it.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <vector>

#include "tracefile/format.hpp"
#include "tracefile/symbols.hpp"
#include "tracefile/writer.hpp"

namespace perfbuf::tracefile
{

/** Where a chunk of bytes stands. */
struct chunk_place {
	uint64_t at = 0; /**< of its header in the file */
	uint64_t position = 0;
	uint32_t size = 0;
	uint32_t cpu = 0;
	bool was_full = false;
};

/** The faults of a file. */
struct damage {
	uint64_t bad_bytes = 0;	     /**< in chunks that do not hold, or between chunks */
	uint64_t missing_chunks = 0; /**< that were numbered and are not there */
	bool cut = false;	     /**< it ends within a chunk */
	bool unfinished = false;     /**< no end was written */

	bool any() const noexcept { return bad_bytes || missing_chunks || cut || unfinished; }
};

class reader_file
{
public:
	/** Errors: EPROTO with a sentence that says what the file is, if no trace; those of
	 * read(2). */
	static reader::result<reader_file> open(reader::unique_fd from, const std::string &name);

	/** @return the chunks of each stream in order */
	const std::map<uint32_t, std::vector<chunk_place>> &streams() const noexcept
	{
		return streams_;
	}
	const symbol_table &symbols() const noexcept { return symbols_; }
	const facts &about() const noexcept { return about_; }
	const facts &end() const noexcept { return end_; }
	const damage &damaged() const noexcept { return damage_; }

	/** The bytes of a chunk, appended. @return do they hold? If not nothing is appended, and
	 * it is counted. */
	bool read(const chunk_place &of, std::vector<std::byte> &to);

private:
	explicit reader_file(reader::unique_fd from) noexcept : fd_(std::move(from)) {}

	reader::result<void> index();
	bool use_chunk(const chunk_header &header, uint64_t at);
	bool load(uint64_t at, std::span<std::byte> to) const;
	std::optional<chunk_header> header_at(uint64_t at) const;
	uint64_t next_chunk(uint64_t at) const;

	reader::unique_fd fd_;
	uint64_t size_ = 0;
	std::map<uint32_t, std::vector<chunk_place>> streams_;
	symbol_table symbols_;
	facts about_;
	facts end_;
	damage damage_;
};

/** @return the value of a name; empty if it is not there */
std::string find_fact(const facts &in, std::string_view name);

} // namespace perfbuf::tracefile
