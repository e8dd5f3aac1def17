// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file From the rings into the file, and what went by on the way. */
#pragma once

#include <cstdint>
#include <linux/perf_event.h>
#include <optional>
#include <perfbuf/decoder.hpp>
#include <perfbuf/record.hpp>
#include <vector>

#include "perfdata/build_id.hpp"
#include "perfdata/writer.hpp"
#include "program/open_files.hpp"

namespace perfbuf::program
{

struct traffic {
	uint64_t samples = 0;
	uint64_t lost = 0;	 /**< records, as LOST records tell */
	uint64_t first_time = 0; /**< of samples, ns */
	uint64_t last_time = 0;	 /**< ns */
	uint64_t corrupt = 0;	 /**< bytes given up because the ring made no sense */
	perfdata::mapped_files files;
};

class drain
{
public:
	/** @param attr any of the recording's that has samples: they agree in all that is read here
	 * (make_attrs())
	 * @param to nullptr: the records are not kept
	 */
	drain(const perf_event_attr &attr, perfdata::writer *to) : decoder_(attr), to_(to) {}

	/**
	 * One pass: every ring once, up to where the kernel was when its turn came.
	 * @param fence the rings hold every record before this time (fence_of()). By it
	 * FINISHED_ROUND is exact: it is written when no record can follow that is older than those
	 * which perf puts out at it. Without a fence every pass is a round, as with perf.
	 */
	reader::result<void> pass(std::vector<cpu_ring> &rings,
				  std::optional<uint64_t> fence = std::nullopt);

	/** Records that do not come out of a ring. */
	reader::result<void> put(const perfdata::bytes &records);

	const traffic &seen() const noexcept { return seen_; }
	const reader::decoder &decoder() const noexcept { return decoder_; }

private:
	reader::result<void> end_round(std::optional<uint64_t> fence);
	void see(const reader::record &record);
	void see_aux(const reader::record &record, cpu_ring &of);
	void see_map(const reader::record &record);

	reader::decoder decoder_;
	perfdata::writer *to_;
	traffic seen_;
	uint64_t newest_ = 0;	       // time of any record, ns
	uint64_t newest_in_round_ = 0; // at the last FINISHED_ROUND
};

} // namespace perfbuf::program
