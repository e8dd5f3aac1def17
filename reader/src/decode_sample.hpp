// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Decodes the fields of a sample, for decoder.cpp. */
#pragma once

#include <linux/perf_event.h>
#include <perfbuf/sample.hpp>

#include "field_reader.hpp"

namespace perfbuf::reader
{

/** The fields that a sample and the trailer of any other record (sample_id_all) have in common,
 * in the ABI's order. */
template <typename Fields>
void decode_task_and_time(field_reader &fields, uint64_t sample_type, Fields &out) noexcept
{
	if (sample_type & PERF_SAMPLE_TID) {
		out.pid = fields.u32();
		out.tid = fields.u32();
	}
	if (sample_type & PERF_SAMPLE_TIME)
		out.time = fields.u64();
}

template <typename Fields>
void decode_ids_and_cpu(field_reader &fields, uint64_t sample_type, Fields &out) noexcept
{
	if (sample_type & PERF_SAMPLE_ID)
		out.id = fields.u64();
	if (sample_type & PERF_SAMPLE_STREAM_ID)
		out.stream_id = fields.u64();
	if (sample_type & PERF_SAMPLE_CPU) {
		out.cpu = fields.u32();
		fields.u32(); // reserved
	}
}

/** @return false if the body is too short for what it claims to hold */
bool decode_sample_fields(field_reader &fields, const perf_event_attr &attr, sample &out) noexcept;

} // namespace perfbuf::reader
