// SPDX-License-Identifier: GPL-2.0
/* Samples that have no layout, or are not contiguous: they are what the fast path writes, and more.
 */
#include "harness.hpp"

#include <cstring>
#include <string>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_sample : public producer_emission
{
};

constexpr u64 slow_sets[] = {PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC,
			     every_field | PERF_SAMPLE_DATA_SRC};

TEST_F(producer_sample, a_sample_without_a_layout_has_the_same_fields_as_others)
{
	testdev source;

	for (u64 fields : slow_sets)
		for (int others : {0, 1})
			for (const char *filter : {"", "number >= 0", "number & 1"}) {
				reader attached(source, attr_of(fixed::object, fields));
				std::vector<std::unique_ptr<reader>> more;

				for (int i = 0; i < others; i++)
					more.push_back(std::make_unique<reader>(
						source, attr_of(fixed::object, every_field)));
				if (*filter) {
					ASSERT_EQ(attached.set_filter(filter), 0);
				}
				u32 wanted = 0;

				for (u64 i = 0; i < 300; i++) {
					now.regs = nullptr;
					emit_fixed(i);

					const auto got = attached.records();
					const u64 time = now.clock - 1;

					for (auto &each : more)
						ASSERT_EQ(each->records().size(), 1u);
					if (filter[0] && filter[7] == '&' && !(i & 1)) {
						ASSERT_EQ(got.size(), 0u);
						continue;
					}
					wanted++;
					ASSERT_EQ(got,
						  std::vector{expected(attached.owner(), i, time)});
					ASSERT_EQ(now.regs, &now) << "the writer's own";
				}
				EXPECT_EQ(attached.owner().records(), wanted);
				EXPECT_EQ(attached.owner().producer().count(), wanted);
			}
}

TEST_F(producer_sample, a_sample_with_READ_has_the_count_of_its_occurrence)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object, PERF_SAMPLE_READ);

	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	reader reader(source, attr);

	EXPECT_FALSE(reader.owner().takes_fast_path());
	ASSERT_EQ(reader.set_filter("number & 1"), 0);
	for (u64 i = 0; i < 300; i++) {
		emit_fixed(i);

		const auto got = reader.records();

		ASSERT_EQ(got.size(), i & 1);
		if (got.empty())
			continue;
		ASSERT_EQ(got[0].header.size, 8 + 4 * 8);
		EXPECT_EQ(got[0].at<u64>(0), 1u);
		EXPECT_EQ(got[0].at<u64>(8), (i + 1) / 2) << "what does not match is not counted";
		EXPECT_EQ(got[0].at<u64>(16), reader.owner().id());
		EXPECT_EQ(got[0].at<u64>(24), 0u);
	}
}

TEST_F(producer_sample, a_sample_without_RAW_has_no_payload)
{
	testdev source;
	reader first(source, attr_of(fixed::object, PERF_SAMPLE_CPU), 0, {.nr_pages = 1}),
		other(source, attr_of(varying::object, PERF_SAMPLE_CPU));

	for (u32 i = 0; i < 600; i++) {
		emit_fixed(i);
		varying::emit(i, "name", "text", perfbuf_part{"blob", 4});
		for (reader *each : {&first, &other}) {
			const auto got = each->records();

			ASSERT_EQ(got.size(), 1u);
			ASSERT_EQ(got[0].header.misc, PERF_RECORD_MISC_KERNEL);
			ASSERT_EQ(got[0].header.size, 16);
			ASSERT_EQ(got[0].at<u64>(0), 0u);
		}
	}
}

TEST_F(producer_sample, a_sample_of_an_event_with_parts_has_them_on_every_path)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, slow_sets[0]})
		for (const perf_buffer::options &wanted :
		     {perf_buffer::options{.nr_pages = 1},
		      perf_buffer::options{.nr_pages = 2, .page_order = 0}}) {
			reader reader(source, attr_of(varying::object, fields), 0, wanted);

			for (u32 i = 0; i < 500; i++) {
				const std::string blob(i % 50, '\xdd');

				varying::emit(i, "name", "tt", perfbuf_part{blob.data(), i % 50});
				const auto got = reader.records();

				ASSERT_EQ(got.size(), 1u);
				const u32 raw = got[0].at<u32>(0), bytes = 32 + 3 + i % 50;

				ASSERT_EQ(raw, (4 + bytes + 7) / 8 * 8 - 4);
				ASSERT_EQ(got[0].body.size(),
					  4 + raw + (fields & PERF_SAMPLE_DATA_SRC ? 8 : 0));
				ASSERT_EQ(got[0].at<u64>(4 + 8), i);
				ASSERT_STREQ(&got[0].body[4 + 32], "tt");
				ASSERT_EQ(std::string(&got[0].body[4 + 35], i % 50), blob);
				for (u32 at = bytes; at < raw; at++)
					ASSERT_EQ(got[0].body[4 + at], 0);
			}
		}
}

[[gnu::noinline]] void emit_from_here(u64 number)
{
	fixed::emit(0, number, 1);
	asm volatile("");
}

[[gnu::noinline]] void emit_from_there(u64 number)
{
	fixed::emit(0, number, 1);
	asm volatile("# there");
}

TEST_F(producer_sample, a_sample_says_where_it_was_emitted_and_its_callchain_begins_there)
{
	testdev source;

	/* With a layout, and without. */
	for (u64 more : {u64{0}, u64{PERF_SAMPLE_CALLCHAIN}}) {
		perf_event_attr attr =
			attr_of(fixed::object, PERF_SAMPLE_IP | PERF_SAMPLE_RAW | more);

		attr.sample_max_stack = 8;
		attr.exclude_callchain_user = 1;
		reader first(source, attr), other(source, attr_of(fixed::object, PERF_SAMPLE_IP));

		now.frames = {1, 2, 3};
		emit_from_here(1);
		const u64 ip = first.records().at(0).at<u64>(0);

		EXPECT_NE(ip, 0u);
		EXPECT_EQ(other.records().at(0).at<u64>(0), ip);
		emit_from_there(1);
		EXPECT_NE(first.records().at(0).at<u64>(0), ip);
		emit_from_here(1);
		EXPECT_EQ(first.records().at(0).at<u64>(0), ip);
		(void)other.records();
		if (!more)
			continue;
		/* The module's own frames come before it. */
		now.frames = {1, 2, ip, 4};
		emit_from_here(2);
		const raw_record got = first.records().at(0);

		EXPECT_EQ(got.at<u64>(8), 3u);
		EXPECT_EQ(got.at<u64>(16), u64(PERF_CONTEXT_KERNEL));
		EXPECT_EQ(got.at<u64>(24), ip);
		EXPECT_EQ(got.at<u64>(32), 4u);
	}
}

TEST_F(producer_sample, a_sample_of_the_only_reader_says_where_it_was_emitted_as_that_of_two_does)
{
	testdev source;
	reader attached(source, attr_of(fixed::object,
					PERF_SAMPLE_IP | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW));
	u64 of_two;

	{
		reader other(source, attr_of(fixed::object));

		emit_from_here(1);
		of_two = attached.records().at(0).at<u64>(0);
		/* So that it is not what the stack still holds. */
		emit_from_there(1);
		EXPECT_NE(attached.records().at(0).at<u64>(0), of_two);
	}
	emit_from_here(1);
	EXPECT_EQ(attached.records().at(0).at<u64>(0), of_two);
}

TEST_F(producer_sample, a_sample_for_a_reader_without_a_ring_is_lost_by_its_cause_on_every_path)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, every_field, slow_sets[0]})
		for (int others : {0, 1}) {
			reader attached(source, attr_of(varying::object, fields)),
				small(source, attr_of(fixed::object, fields));
			std::vector<std::unique_ptr<reader>> more;

			for (int i = 0; i < others; i++)
				more.push_back(
					std::make_unique<reader>(source, attr_of(fixed::object)));
			for (reader *each : {&attached, &small}) {
				each->owner().set_ring(nullptr);
				ASSERT_EQ(each->set_filter("number < 3"), 0);
			}
			for (u64 i = 0; i < 4; i++) {
				varying::emit(i, "name", "text", perfbuf_part{"blob", 4});
				emit_fixed(i);
			}
			for (reader *each : {&attached, &small}) {
				EXPECT_EQ(each->owner().losses().read(loss_cause::no_ring), 3u);
				EXPECT_EQ(each->owner().losses().total(), 3u);
				EXPECT_EQ(each->owner().producer().count(), 3u);
				EXPECT_EQ(each->owner().records(), 0u);
				each->owner().set_ring(&each->ring());
			}
		}
}

/* On another CPU, a process maps the file: the emission has the ring, or counts a loss. */
TEST_F(producer_sample, a_sample_for_a_ring_that_is_attached_meanwhile_is_written_or_lost)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, every_field, slow_sets[0]})
		for (int others : {0, 1}) {
			reader attached(source, attr_of(fixed::object, fields));
			std::unique_ptr<reader> other;
			u64 emitted = 0, seen = 0;

			if (others)
				other = std::make_unique<reader>(source, attr_of(fixed::object));
			const u32 accesses = at_each_access(
				[&] {
					attached.owner().set_ring(nullptr);
					emit_fixed(emitted++);
				},
				[&] { attached.owner().set_ring(&attached.ring()); },
				[&](bool) {
					attached.owner().set_ring(&attached.ring());
					EXPECT_EQ(attached.owner().records() +
							  attached.owner().losses().total(),
						  emitted);
					EXPECT_EQ(attached.owner().producer().count(), emitted);
					EXPECT_EQ(attached.ring().records(),
						  attached.owner().records());
					seen += attached.records().size();
					ASSERT_EQ(seen, attached.owner().records());
				});

			EXPECT_GT(accesses, 5u);
			EXPECT_GT(attached.owner().records(), 0u);
		}
}

TEST_F(producer_sample, a_sample_counts_towards_the_wakeup_by_count_on_every_path)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, every_field, slow_sets[0]})
		for (const perf_buffer::options &wanted :
		     {perf_buffer::options{.nr_pages = 2, .watermark = 8192, .page_order = 0},
		      perf_buffer::options{.nr_pages = 1, .watermark = 4096}}) {
			perf_event_attr attr = attr_of(varying::object, fields);

			attr.wakeup_events = 10;
			reader attached(source, attr, 0, wanted);

			for (int i = 1; i <= 500; i++) {
				const int before = attached.woken;

				varying::emit(1, "n", "m", perfbuf_part{"123456789", u32(i % 10)});
				(void)attached.records();
				settle();
				if (i % 10 == 0) {
					ASSERT_EQ(attached.woken, before + 1) << i;
				}
			}
			EXPECT_LT(attached.woken, 70) << "and where the ring is full";
			attr.wakeup_events = 0;
			reader never(source, attr, 0, wanted);

			for (int i = 1; i <= 30; i++)
				varying::emit(1, "n", "m", perfbuf_part{"", 0});
			settle();
			EXPECT_EQ(never.woken, 0);
		}
}

TEST_F(producer_sample, a_sample_comes_with_each_second_occurrence_or_with_none)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.sample_period = 2;
	reader second(source, attr);

	attr.sample_period = 0;
	reader counting(source, attr);

	for (u64 i = 1; i <= 9; i++) {
		emit_fixed(i);
		EXPECT_EQ(second.records().size(), i % 2 == 0);
		EXPECT_EQ(counting.records().size(), 0u);
	}
	EXPECT_EQ(counting.owner().producer().count(), 9u);
	EXPECT_EQ(counting.owner().losses().total(), 0u);
}

} // namespace
