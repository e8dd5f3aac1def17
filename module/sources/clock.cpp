// SPDX-License-Identifier: GPL-2.0
/* The clock source: checks attributes and opens streams, whose samplers (sampler.hpp) write the
 * samples. */
#include "sources/clock.hpp"

#include "device/open_stream.hpp"
#include "sources/sampler.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constexpr u64 supported_fields =
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
	PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |
	PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_AUX;

} // namespace

constinit clock_source the_clock;

const char *clock_source::description() const noexcept
{
	return "samples of what CPUs or tasks do, by a timer";
}

result<void> clock_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PERF_TYPE_SOFTWARE || attr.config != PERF_COUNT_SW_CPU_CLOCK)
		return error(ENOENT);
	if (attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	return {};
}

result<unique_ptr<stream>> clock_source::open(event &owner) noexcept
{
	return open_stream<on_tasks<sampler>, on_one_cpu<sampler>>(owner);
}

} // namespace perfbuf
