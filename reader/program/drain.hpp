// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Copies records from the rings into the file, and counts them. */
#pragma once

#include <cstdint>
#include <linux/perf_event.h>
#include <optional>
#include <perfbuf/decoder.hpp>
#include <perfbuf/record.hpp>
#include <sys/types.h>
#include <vector>

#include "perfdata/build_id.hpp"
#include "perfdata/writer.hpp"
#include "program/open_files.hpp"

namespace perfbuf::program
{

struct traffic {
	uint64_t samples = 0;
	uint64_t lost = 0;	 /**< records, as PERF_RECORD_LOST reports */
	uint64_t first_time = 0; /**< of samples, ns */
	uint64_t last_time = 0;	 /**< ns */
	uint64_t corrupt = 0;	 /**< bytes skipped because a position or a size was wrong */
	perfdata::mapped_files files;
};

class drain
{
public:
	/** @param attr of any event that has samples: the fields that are read here are the same in
	 * all (make_attrs())
	 * @param to nullptr: the records are only counted
	 */
	drain(const perf_event_attr &attr, perfdata::writer *to) : decoder_(attr), to_(to) {}

	/** Samples of this process are neither written nor counted. */
	void leave_out(pid_t pid) noexcept { left_out_ = static_cast<uint32_t>(pid); }

	/**
	 * One pass: each ring once, up to its data_head at that time.
	 * @param fence the rings hold every record before this time (fence_of()), so FINISHED_ROUND
	 * is exact: it is written when no record can follow that is older than the ones that perf
	 * then sorts and prints. Without a fence every pass is a round, as with perf.
	 */
	reader::result<void> pass(std::vector<cpu_ring> &rings,
				  std::optional<uint64_t> fence = std::nullopt);

	/** Writes what rings in overwrite mode hold now and did not hold at the last call. */
	reader::result<void> copy(std::vector<cpu_ring> &rings,
				  const std::vector<reader::file> &files);

	/** The next records go into another file: seen() begins anew, total() does not. */
	void switch_to(perfdata::writer *to);

	/** Writes records that do not come from a ring. */
	reader::result<void> put(const perfdata::bytes &records);

	const traffic &seen() const noexcept { return seen_; }
	/** Samples, losses and skipped bytes of all files. */
	traffic total() const;
	const reader::decoder &decoder() const noexcept { return decoder_; }

private:
	reader::result<void> end_round(std::optional<uint64_t> fence);
	bool is_left_out(const reader::record &record) const;
	bool take(const reader::record &record, cpu_ring &from);
	void count(const reader::record &record);
	void count_aux(const reader::record &record, cpu_ring &of);
	void add_map(const reader::record &record);

	reader::decoder decoder_;
	perfdata::writer *to_;
	traffic seen_;
	traffic before_; // in the files that are complete
	std::optional<uint32_t> left_out_;
	std::vector<std::byte> kept_;  // of a pass over a ring, if some are left out
	uint64_t newest_ = 0;	       // time of any record, ns
	uint64_t newest_in_round_ = 0; // at the last FINISHED_ROUND
};

} // namespace perfbuf::program
