// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The file of a function trace, as docs/functrace.md has it: a header, then chunks, each with
 * checks of its own. It is only ever appended to, so what was written before a cut is whole.
 * Little-endian, as the machines are that write it.
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tracefile/crc32.hpp"

namespace perfbuf::tracefile
{

inline constexpr std::array<char, 8> file_magic{'P', 'B', 'F', 'T', 'R', 'A', 'C', 'E'};
inline constexpr uint32_t file_version = 1;

struct file_header {
	std::array<char, 8> magic = file_magic;
	uint32_t version = file_version;
	uint32_t size = 16; /**< bytes; the first chunk stands behind them */
};
static_assert(sizeof(file_header) == 16);

inline constexpr uint32_t chunk_mark = 0x6b634250;  /**< "PBck" */
inline constexpr uint32_t most_payload = 64 * 1024; /**< bytes */
inline constexpr uint32_t most_streams = 64 * 1024; /**< of a file */
inline constexpr size_t chunk_unit = 8;		    /**< chunks begin at multiples */

enum class chunk_type : uint16_t {
	about = 1,   /**< what was recorded, where: lines "name value" */
	symbols = 2, /**< names of functions, see symbols.hpp */
	bytes = 3,   /**< of a stream */
	end = 4,     /**< the recording was ended in order: lines "name value"; nothing follows */
};

/** The AUX area was full: calls are missing behind these bytes, or within them. */
inline constexpr uint16_t chunk_was_full = 1;

struct chunk_header {
	uint32_t mark = chunk_mark;
	uint16_t type = 0;
	uint16_t flags = 0;
	uint32_t size = 0;	   /**< of the payload, bytes; zeros follow up to a multiple of 8 */
	uint32_t number = 0;	   /**< of the chunk in the file, from 0 on */
	uint32_t stream = 0;	   /**< bytes: of which stream */
	uint32_t cpu = 0;	   /**< bytes: on which CPU it was written */
	uint64_t position = 0;	   /**< bytes: of the first one in the stream */
	uint32_t check = 0;	   /**< CRC-32 of the payload */
	uint32_t header_check = 0; /**< CRC-32 of the header before this field */
};
static_assert(sizeof(chunk_header) == 40 && offsetof(chunk_header, header_check) == 36);

/** @return what header_check is to be */
inline uint32_t header_check_of(const chunk_header &header) noexcept
{
	return crc32(
		std::as_bytes(std::span(&header, 1)).first(offsetof(chunk_header, header_check)));
}

constexpr uint64_t padded(uint64_t size) noexcept
{
	return (size + chunk_unit - 1) / chunk_unit * chunk_unit;
}

} // namespace perfbuf::tracefile
