// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The counts of PERF_SAMPLE_READ, as the decoder gives them.
#include <gtest/gtest.h>
#include <perfbuf/decoder.hpp>

#include "generator.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::tests;

TEST(SampledCounts, ASampleHasTheCountsThatReadFormatNames)
{
	for (uint64_t format = 0; format < PERF_FORMAT_MAX; format++) {
		perf_event_attr attr{};
		attr.sample_type = PERF_SAMPLE_READ;
		attr.read_format = format;
		const bool group = format & PERF_FORMAT_GROUP;
		const uint64_t enabled = format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 1000 : 0;
		const uint64_t running = format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 2000 : 0;
		const size_t events = group ? 3 : 1;
		generator generator;
		const auto put_times = [&] {
			if (enabled)
				generator.u64(enabled);
			if (running)
				generator.u64(running);
		};
		if (group) {
			generator.u64(events);
			put_times();
		}
		for (uint64_t i = 0; i < events; i++) {
			generator.u64(10 + i);
			if (!group)
				put_times();
			if (format & PERF_FORMAT_ID)
				generator.u64(20 + i);
			if (format & PERF_FORMAT_LOST)
				generator.u64(30 + i);
		}
		const auto bytes = generator.record(PERF_RECORD_SAMPLE);
		const auto found = decoder(attr).decode_sample(record(bytes));
		ASSERT_TRUE(found) << format;
		const sampled_counts &counts = found->read;
		ASSERT_EQ(counts.size(), events) << format;
		EXPECT_EQ(counts.time_enabled(), enabled) << format;
		EXPECT_EQ(counts.time_running(), running) << format;
		for (uint64_t i = 0; i < events; i++) {
			EXPECT_EQ(counts[i].value, 10 + i) << format;
			EXPECT_EQ(counts[i].id, format & PERF_FORMAT_ID ? 20 + i : 0) << format;
			EXPECT_EQ(counts[i].lost, format & PERF_FORMAT_LOST ? 30 + i : 0) << format;
		}
	}
	EXPECT_EQ(sample().read.size(), 0u);
}
