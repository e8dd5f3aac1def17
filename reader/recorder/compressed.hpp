// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Dumps in makedumpfile's compressed format, which QEMU writes, too. */
#pragma once

#include <cstdint>
#include <perfbuf/unique_fd.hpp>
#include <string_view>

#include "recorder/memory.hpp"

namespace perfbuf::recorder
{

inline constexpr std::string_view kdump_signature = "KDUMP   ";

/** @return false with errno, 0 at the end of the file */
bool read_at(int fd, uint64_t offset, void *to, uint64_t bytes);

/** The flattened format: pieces of a file, in the order in which they were written. */
bool is_flattened(int fd);
/** The file of which `fd` has the pieces, without a name. Errors: EBADMSG; of writing it. */
reader::result<reader::unique_fd> rearrange(int fd, const std::string &path);

/** The first block of such a file, of a 64-bit machine. */
struct kdump_header {
	char signature[8];
	uint32_t version;
	char system[6][65];
	char padding[6];
	uint64_t time[2];
	uint32_t status;
	uint32_t block_bytes;
	uint32_t sub_header_blocks;
	uint32_t bitmap_blocks; /**< of two bitmaps of the same size */
	uint32_t most_frames;
	uint32_t ram_blocks;
	uint32_t device_blocks;
	uint32_t written_blocks;
	uint32_t current_cpu;
	uint32_t cpus;
};
static_assert(sizeof(kdump_header) == 464);

/** The second one. */
struct kdump_sub_header {
	uint64_t physical_base;
	uint32_t level, split;
	uint64_t start_frame, end_frame;
	struct {
		uint64_t offset, bytes;
	} notes[3]; /**< of the kernel, of the CPUs, of what was erased */
	uint64_t start_frame_64, end_frame_64, most_frames_64;
};
static_assert(sizeof(kdump_sub_header) == 104);

/** Where a page is, for each that the second bitmap has. */
struct kdump_page {
	uint64_t offset;
	uint32_t bytes;
	uint32_t flags;
	uint64_t page_flags;
};
static_assert(sizeof(kdump_page) == 24);

/** By libkdumpfile. Errors: ENOTSUP: this perfbuf was built without it; EBADMSG: what it says. */
reader::result<memory> open_compressed(reader::unique_fd fd, const std::string &path);

} // namespace perfbuf::recorder
