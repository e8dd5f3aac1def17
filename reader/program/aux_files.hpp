// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The bytes that drivers write into AUX areas, unchanged: a file for each stream, beside the
 * recording. A byte stands where it stood in the stream, so PERF_RECORD_AUX{offset, size} of the
 * recording says where to read. What was lost or never written is a hole.
 */
#pragma once

#include <cstdint>
#include <perfbuf/file.hpp>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <vector>

#include "program/open_files.hpp"

namespace perfbuf::program
{

class aux_files
{
public:
	/**
	 * Creates "<recording>.<source>.cpu<N>.id<ID>" for each ring with such an area. Throws
	 * `failure`.
	 * @param rings the same in all calls
	 */
	aux_files(const std::string &recording, const std::vector<cpu_ring> &rings,
		  const std::vector<reader::file> &files);

	/** Is there any? */
	explicit operator bool() const noexcept { return !streams_.empty(); }

	/** Take the kernel's positions, before the rings' records are read. */
	void read_positions(std::vector<cpu_ring> &rings);

	/**
	 * Write what stands before them, and let the kernel write there again.
	 * @param reenable an event that went off because its area was full is switched on again
	 * @return can it go on?
	 */
	bool pass(std::vector<cpu_ring> &rings, const std::vector<reader::file> &files,
		  bool reenable);

	/** "[ perfbuf: 12 kB of AUX, ... -> perf.data.dma.cpu0.id3 and 1 more ]" */
	void print_closing_line() const;

	/** Throws `failure` with a sentence if not all of it is there. */
	void check() const;

private:
	struct stream {
		size_t ring;
		std::string name;
		reader::unique_fd fd;
	};

	reader::result<void> write(const stream &to, uint64_t position,
				   std::span<const std::byte> bytes);

	std::vector<stream> streams_;
	reader::result<void> written_; // the first error
	std::string failed_;	       // the file that had it
	uint64_t bytes_ = 0;
	uint64_t full_ = 0; // times that an area was full
	uint64_t corrupt_ = 0;
};

} // namespace perfbuf::program
