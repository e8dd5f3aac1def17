// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file From the AUX areas into the file of a function trace. */
#pragma once

#include <cstdint>
#include <perfbuf/file.hpp>
#include <perfbuf/result.hpp>
#include <vector>

#include "program/open_files.hpp"
#include "program/options.hpp"
#include "tracefile/writer.hpp"

namespace perfbuf::program
{

/**
 * A round: look(), then the records of the rings (drain), then pass(). So the records of all bytes
 * that are passed were seen. What others say, of bytes that came after look(), waits for the round
 * that passes those.
 */
class aux_drain
{
public:
	explicit aux_drain(tracefile::writer &to) noexcept : to_(to) {}

	/** Take the kernel's positions. */
	void look(std::vector<cpu_ring> &rings);

	/**
	 * Write what stands before them, and let the kernel write there again.
	 * @param go_on an event that went off because its area was full is switched on again
	 */
	reader::result<void> pass(std::vector<cpu_ring> &rings,
				  const std::vector<reader::file> &files, bool go_on);

	/** Of the streams, so far. */
	uint64_t bytes() const noexcept { return bytes_; }
	/** Times that an area was full. */
	uint64_t full() const noexcept { return full_; }
	/** Bytes given up because positions made no sense. */
	uint64_t corrupt() const noexcept { return corrupt_; }

private:
	tracefile::writer &to_;
	uint64_t bytes_ = 0;
	uint64_t full_ = 0;
	uint64_t corrupt_ = 0;
};

/** What the file says of the recording, and the names of the functions. */
tracefile::facts facts_of(const record_options &options);

/** The same of its end. @param calls as the source counted */
tracefile::facts end_facts(const aux_drain &of, uint64_t calls);

} // namespace perfbuf::program
