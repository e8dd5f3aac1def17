// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A recording in the formats of other programs. */
#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "analysis/frames.hpp"

namespace perfbuf::analysis
{

/** A sample with what is needed to write it. */
struct described_sample {
	const perfdata::recorded_event &event;
	size_t event_number;
	const reader::sample &sample;
	uint64_t time; /**< ns */
	std::string_view comm;
	std::span<const uint32_t> frames; /**< of table, root first */
};

/** Takes all samples in the order of time, then finish(). Errors of the file are kept by stdio. */
class exporter
{
public:
	virtual ~exporter() = default;
	virtual void add(const described_sample &described) = 0;
	virtual void finish() = 0;
	/** Samples that are not in it, because all of them would take too much memory. */
	uint64_t left_out() const noexcept { return left_out_; }

protected:
	uint64_t left_out_ = 0;
};

/** Brendan Gregg's folded stacks: "comm;outer;inner 12". */
std::unique_ptr<exporter> export_folded(std::FILE *to, const frame_table &frames);
/** https://www.speedscope.app: a profile for each thread. */
std::unique_ptr<exporter> export_speedscope(std::FILE *to, const frame_table &frames,
					    const std::string &name);
/** Chrome's trace events, which https://ui.perfetto.dev opens: samples are instants with their
 * fields, and numeric fields counters. */
std::unique_ptr<exporter> export_perfetto(std::FILE *to, const frame_table &frames);
/** A line of JSON for each sample, with typed fields; bytes as hexadecimal digits. */
std::unique_ptr<exporter> export_json(std::FILE *to, const frame_table &frames);

/** A directory of the Common Trace Format 1.8; bytes are sequences, whole. finish() throws
 * std::system_error. Errors: what creating the directory or its files says. */
reader::result<std::unique_ptr<exporter>>
create_ctf(const std::string &directory, const std::vector<perfdata::recorded_event> &events,
	   const frame_table &frames);

} // namespace perfbuf::analysis
