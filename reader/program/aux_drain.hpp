// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Copies the AUX areas of function traces into the file of the trace. */
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
 * A round: read_positions(), then the records of the rings (drain), then pass(). So pass() has the
 * records of all bytes that it writes. Records of bytes that came after read_positions() are used
 * in the next round.
 */
class aux_drain
{
public:
	explicit aux_drain(tracefile::writer &to) noexcept : to_(to) {}

	/** Read aux_head of each area. */
	void read_positions(std::vector<cpu_ring> &rings);

	/**
	 * Write the bytes before these positions, and let the kernel overwrite them.
	 * @param reenable enable events that were disabled because their area was full
	 */
	reader::result<void> pass(std::vector<cpu_ring> &rings,
				  const std::vector<reader::file> &files, bool reenable);

	/** Bytes written so far. */
	uint64_t bytes() const noexcept { return bytes_; }
	/** Times that an area was full. */
	uint64_t full() const noexcept { return full_; }
	/** Bytes skipped because a position was wrong. */
	uint64_t corrupt() const noexcept { return corrupt_; }

private:
	tracefile::writer &to_;
	uint64_t bytes_ = 0;
	uint64_t full_ = 0;
	uint64_t corrupt_ = 0;
};

/** The facts about the recording that the file begins with: command, date, host, kernel. */
tracefile::facts facts_of(const record_options &options);

/** The facts that it ends with. @param calls as the source counted */
tracefile::facts end_facts(const aux_drain &of, uint64_t calls);

} // namespace perfbuf::program
