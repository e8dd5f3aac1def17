// SPDX-License-Identifier: GPL-2.0
/* Every kind of field with its edge values, as it lies in the record. */
#include <linux/perfbuf.h>

#include "producer/source.hpp"

using namespace device_test;

namespace
{

/* Where the fields of TEST_ALL lie: one behind the other. */
enum at {
	a_u8 = 8,
	a_u64 = 9,
	a_u16 = 17,
	a_u32 = 19,
	a_s8 = 23,
	a_s16 = 24,
	a_s32 = 26,
	a_s64 = 30,
	address = 38,
	when = 46,
	flags = 54,
	state = 58,
	lanes = 59,
	wide = 67,
	name = 83,
	message = 99,
	blob = 103,
	tail = 107,
	fixed = 111,
};

class producer_fields : public source_test
{
protected:
	sample emit(int edge, uint64_t fields = PERF_SAMPLE_RAW)
	{
		event_reader reader(typed_attr("all", fields));
		EXPECT_EQ(command("all " + std::to_string(edge)), 0);
		const auto all = reader.samples();
		if (all.size() != 1)
			throw std::runtime_error(std::to_string(all.size()) + " samples");
		return all[0];
	}
};

TEST_F(producer_fields, the_common_fields_name_the_thread_and_the_context)
{
	const payload p(emit(0));
	EXPECT_EQ(p.at<uint16_t>(0), event_id_of("all"));
	EXPECT_EQ(p.at<uint8_t>(2), 0) << "no interrupt, and they are on";
	EXPECT_EQ(p.at<int32_t>(4), current_tid());
}

TEST_F(producer_fields, fields_that_the_caller_does_not_name_are_zero)
{
	const payload p(emit(0));
	for (size_t i = a_u8; i < message; i++)
		EXPECT_EQ(p.at<uint8_t>(i), 0) << i;
	EXPECT_EQ(p.dynamic(message), std::string("(null)", 7));
	EXPECT_EQ(p.dynamic(blob), "");
	EXPECT_EQ(p.dynamic(tail), std::string("(null)", 7));
}

TEST_F(producer_fields, each_field_holds_its_largest_value)
{
	const payload p(emit(1));
	EXPECT_EQ(p.at<uint8_t>(a_u8), UINT8_MAX);
	EXPECT_EQ(p.at<uint16_t>(a_u16), UINT16_MAX);
	EXPECT_EQ(p.at<uint32_t>(a_u32), UINT32_MAX);
	EXPECT_EQ(p.at<uint64_t>(a_u64), UINT64_MAX);
	EXPECT_EQ(p.at<int8_t>(a_s8), INT8_MAX);
	EXPECT_EQ(p.at<int16_t>(a_s16), INT16_MAX);
	EXPECT_EQ(p.at<int32_t>(a_s32), INT32_MAX);
	EXPECT_EQ(p.at<int64_t>(a_s64), INT64_MAX);
	EXPECT_EQ(p.at<uint64_t>(address), UINT64_MAX);
	EXPECT_EQ(p.at<uint64_t>(when), UINT64_MAX);
	EXPECT_EQ(p.at<uint32_t>(flags), 0x80000003u);
	EXPECT_EQ(p.at<int8_t>(state), 1);
	EXPECT_EQ(p.at<uint16_t>(lanes), 0xffffu);
	EXPECT_EQ(p.at<uint16_t>(lanes + 2), 0x8000u);
	EXPECT_EQ(p.at<uint16_t>(lanes + 4), 1u);
	EXPECT_EQ(p.at<uint16_t>(lanes + 6), 0u);
	EXPECT_EQ(p.at<int64_t>(wide), INT64_MIN);
	EXPECT_EQ(p.at<int64_t>(wide + 8), INT64_MAX);
	char text[16];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = p.at<char>(name + i);
	EXPECT_EQ(std::string(text, 16), std::string("exactly fifteen", 16)) << "cut, with a NUL";
	EXPECT_EQ(p.dynamic(message), std::string("message", 8));
	EXPECT_EQ(p.dynamic(blob), std::string("\0\x7f\xff", 3));
	EXPECT_EQ(p.dynamic(tail), std::string("tail", 5));
	EXPECT_EQ(p.at<uint32_t>(message) & 0xffff, fixed);
}

TEST_F(producer_fields, each_field_holds_its_smallest_value)
{
	const payload p(emit(2));
	EXPECT_EQ(p.at<int8_t>(a_s8), INT8_MIN);
	EXPECT_EQ(p.at<int16_t>(a_s16), INT16_MIN);
	EXPECT_EQ(p.at<int32_t>(a_s32), INT32_MIN);
	EXPECT_EQ(p.at<int64_t>(a_s64), INT64_MIN);
	EXPECT_EQ(p.at<int8_t>(state), -1);
	EXPECT_EQ(p.dynamic(message), std::string("", 1));
}

/* Readers do not skip padding by themselves. */
TEST_F(producer_fields, the_payload_is_padded_to_where_a_record_may_begin)
{
	for (int edge : {0, 1, 2}) {
		const sample s = emit(edge);
		EXPECT_EQ((s.raw->size() + 4) % 8, 0u);
	}
}

TEST_F(producer_fields, the_payload_stands_between_the_other_parts_of_a_sample)
{
	const sample s = emit(1, PERF_SAMPLE_RAW | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
					 PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
					 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
					 PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN);
	EXPECT_EQ(payload(s).dynamic(tail), std::string("tail", 5));
	EXPECT_EQ(s.tid, current_tid());
	EXPECT_EQ(s.cpu, 0u);
	EXPECT_EQ(s.period, 1u);
	EXPECT_TRUE(s.kernel());
	/* The chain begins with the function that emitted, not inside perfbuf. */
	ASSERT_GT(s.callchain->size(), 3u);
	EXPECT_EQ((*s.callchain)[0], static_cast<uint64_t>(PERF_CONTEXT_KERNEL));
	EXPECT_EQ((*s.callchain)[1], *s.ip);
	EXPECT_GT(static_cast<int64_t>(*s.ip), INT64_MIN);
	EXPECT_LT(static_cast<int64_t>(*s.ip), 0);
}

TEST_F(producer_fields, the_payload_is_left_out_without_PERF_SAMPLE_RAW)
{
	const sample s = emit(1, PERF_SAMPLE_TID);
	EXPECT_FALSE(s.raw);
	EXPECT_EQ(s.tid, current_tid());
}

/* Records of all sizes, wherever they fall: over the ends of pages and of the ring. */
TEST_F(producer_fields, the_payload_is_whole_wherever_a_record_falls)
{
	for (unsigned storage :
	     {PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_VMALLOC, PERFBUF_STORAGE_MIRRORED}) {
		event_reader reader(typed_attr("counted"), target::every_process(0), 2, storage);
		ASSERT_EQ(command("restart"), 0);
		uint64_t expected = 0;
		for (int turn = 0; turn < 50; turn++) {
			ASSERT_EQ(command("counted 40"), 0);
			reader.records.clear();
			for (const sample &s : reader.samples()) {
				const payload p(s);
				EXPECT_EQ(p.at<uint32_t>(8), 0u);
				ASSERT_EQ(p.at<uint64_t>(12), expected);
				ASSERT_EQ(p.dynamic(20), std::string(expected % 64, '\0'));
				expected++;
			}
		}
		EXPECT_EQ(expected, 2000u) << "storage " << storage;
	}
}

TEST_F(producer_fields, the_payload_of_a_raw_event_is_the_copied_bytes)
{
	event_reader reader(typed_attr("dump"));
	ASSERT_EQ(command("dump 10"), 0);
	const auto all = reader.samples();
	ASSERT_EQ(all.size(), 3u) << "one was given up";
	EXPECT_EQ(payload(all[0]).dynamic(8), std::string(10, 'x')) << "and no byte more";
	EXPECT_EQ(payload(all[1]).dynamic(8), std::string(5, 'x') + std::string(5, '\0'));
	EXPECT_EQ(payload(all[2]).dynamic(8), std::string(10, 'r'));
}

TEST_F(producer_fields, a_raw_event_of_many_bytes_is_written_or_counted_as_too_big)
{
	event_reader reader(typed_attr("dump"), target::every_process(0), 64);
	ASSERT_EQ(command("dump 60000"), 0);
	const auto all = reader.samples();
	ASSERT_EQ(all.size(), 3u);
	EXPECT_EQ(payload(all[0]).dynamic(8), std::string(60000, 'x'));
	EXPECT_EQ(payload(all[2]).dynamic(8), std::string(60000, 'r'));
	ASSERT_EQ(command("dump 65536"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
	EXPECT_EQ(attribute("lost_too_big"), "4");
}

} /* namespace */
