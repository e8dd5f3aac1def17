// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Records within PERF_RECORD_COMPRESSED, as perf record -z writes them: one zstd stream over the
 * whole file, of which each record has a part that can be read once the parts before it are known.
 * A file that ends behind any of them has all that was written so far.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <perfbuf/record.hpp>
#include <perfbuf/result.hpp>
#include <span>

#include "perfdata/bytes.hpp"

namespace perfbuf::perfdata
{

inline constexpr int lowest_level = 1;
inline constexpr int highest_level = 22;

/** Was this perfbuf built with libzstd? */
bool has_zstd() noexcept;

class compressor
{
public:
	/** No part has more bytes of records than this: perf allocates as many for each. */
	static constexpr uint32_t part_size = 65536;

	/** @param level lowest_level to highest_level. Errors: ENOTSUP: without libzstd; ENOMEM */
	static reader::result<compressor> make(int level);

	compressor(compressor &&) noexcept;
	compressor &operator=(compressor &&) noexcept;
	~compressor();

	/**
	 * @param records at most piece_size bytes; a record may go on in the next call
	 * @return a whole PERF_RECORD_COMPRESSED, which is valid until the next call
	 */
	reader::result<std::span<const std::byte>> add(std::span<const std::byte> records);
	/** So that what does not shrink fits into one record. */
	static constexpr size_t piece_size = 64000;

	int level() const noexcept { return level_; }
	uint64_t original() const noexcept { return original_; }     /**< bytes so far */
	uint64_t compressed() const noexcept { return compressed_; } /**< the same in the file */
	/** How many times smaller the records became; 1 without any. */
	double ratio() const noexcept
	{
		return compressed_
			       ? static_cast<double>(original_) / static_cast<double>(compressed_)
			       : 1;
	}

private:
	struct state;
	compressor(int level, std::unique_ptr<state> made) noexcept;

	int level_;
	uint64_t original_ = 0;
	uint64_t compressed_ = 0;
	std::unique_ptr<state> state_;
};

class decompressor
{
public:
	/** The bytes that zstd may hold back of one part and put out with the next one. */
	static constexpr uint64_t held_back = 1 << 20;
	/** The largest window of perf's levels, which zstd holds in memory: 128 MiB. */
	static constexpr int window_log = 27;

	/**
	 * @param part_size of the recording (feature::compressed): a part that becomes more than
	 * this and held_back is damaged
	 * Errors: ENOTSUP: without libzstd; ENOMEM
	 */
	static reader::result<decompressor> make(uint64_t part_size);

	decompressor(decompressor &&) noexcept;
	decompressor &operator=(decompressor &&) noexcept;
	~decompressor();

	/** use(bytes) returns false: no more of this part. */
	using use_bytes = std::function<bool(std::span<const std::byte>)>;
	/**
	 * The bytes of one part, a piece at a time. No piece has more than 128 KiB.
	 * @param of a PERF_RECORD_COMPRESSED or PERF_RECORD_COMPRESSED2
	 * Errors: EINVAL: it is damaged; use() was called for the bytes before the damage
	 */
	reader::result<void> each(const reader::record &of, const use_bytes &use);

	/** Is the end of a block missing? Of a recorder that could write no more, the last whole
	 * part may end within a record, but it ends with a block. */
	bool ends_within_a_block() const noexcept;

private:
	struct state;
	decompressor(std::unique_ptr<state> made, uint64_t part_size) noexcept;

	std::unique_ptr<state> state_;
	uint64_t most_; // bytes of a part
};

} // namespace perfbuf::perfdata
