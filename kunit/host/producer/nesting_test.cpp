// SPDX-License-Identifier: GPL-2.0
/* Emissions within emissions: by the same context, which drops them, and by a higher one. */
#include "harness.hpp"

#include <optional>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

/* As a loop over the payloads sees it. */
struct open_emission {
	struct {
		perfbuf_emission emission;
		char spare[sizeof(fixed_payload)];
	} mine;
	fixed_payload *begin()
	{
		return static_cast<fixed_payload *>(
			perfbuf_fixed_emit(&mine.emission, &fixed::object));
	}
	void *next() { return perfbuf_fixed_next(&mine.emission); }
	bool is_in_place(void *payload) const { return payload != mine.spare; }
};

TEST_F(producer_emission, one_reader_of_a_layout_with_time_or_ids_is_written_in_place)
{
	testdev source;

	for (u64 fields :
	     {u64{PERF_SAMPLE_RAW}, time_tid_cpu, time_tid_cpu | PERF_SAMPLE_IDENTIFIER,
	      u64{PERF_SAMPLE_RAW | PERF_SAMPLE_TID}, every_field}) {
		reader attached(source, attr_of(fixed::object, fields));
		open_emission alone;
		fixed_payload *payload = alone.begin();

		ASSERT_TRUE(payload);
		EXPECT_TRUE(alone.is_in_place(payload));
		EXPECT_FALSE(alone.next());
		{
			reader second(source, attr_of(fixed::object, fields));
			open_emission shared;

			payload = shared.begin();
			ASSERT_TRUE(payload);
			EXPECT_FALSE(shared.is_in_place(payload));
			EXPECT_FALSE(shared.next());
		}
		payload = alone.begin();
		EXPECT_TRUE(alone.is_in_place(payload)) << "the other has gone";
		EXPECT_FALSE(alone.next());
		ASSERT_EQ(attached.set_filter("number == 7"), 0);
		payload = alone.begin();
		EXPECT_FALSE(alone.is_in_place(payload)) << "a filter looks at it first";
		EXPECT_FALSE(alone.next());
	}
}

TEST_F(producer_emission, an_event_emitted_within_itself_is_dropped_and_counted_for_each_reader)
{
	testdev source;

	for (const auto &[fields, filtered] :
	     {std::pair{u64{PERF_SAMPLE_RAW}, 0}, std::pair{u64{PERF_SAMPLE_RAW}, 1},
	      std::pair{time_tid_cpu, 0}, std::pair{every_field, 0}})
		for (int others : {0, 1}) {
			reader attached(source, attr_of(fixed::object, fields));
			std::optional<reader> other;

			if (others)
				other.emplace(source, attr_of(fixed::object, time_tid_cpu));
			if (filtered) {
				ASSERT_EQ(attached.set_filter("number > 0"), 0);
			}

			open_emission outer;
			fixed_payload *payload = outer.begin();

			ASSERT_TRUE(payload);
			emit_fixed(99);
			emit_fixed(98);
			payload->context = 0;
			payload->number = 1;
			payload->last = 1;
			EXPECT_FALSE(outer.next());
			EXPECT_EQ(attached.owner().losses().read(loss_cause::recursion), 2u)
				<< filtered << others;
			EXPECT_EQ(attached.owner().records(), 1u);
			EXPECT_EQ(attached.owner().producer().count(), 1u);
			if (other) {
				EXPECT_EQ(other->owner().losses().read(loss_cause::recursion), 2u);
			}
			emit_fixed(2);
			EXPECT_EQ(attached.owner().records(), 2u) << "and it is written again";
		}
}

TEST_F(producer_emission, an_event_with_parts_has_the_common_fields_and_is_dropped_within_itself)
{
	testdev source;
	reader reader(source, attr_of(varying::object));
	perfbuf_emission outer, inner;
	const perfbuf_part parts[] = {{"text", 5}, {"blob", 4}};
	char spare[128], other[128];

	for (u32 turn = 1; turn <= 3; turn++) {
		std::fill(std::begin(spare), std::end(spare), '\xee');
		ASSERT_EQ(perfbuf_emit_begin(&outer, &varying::object, spare, parts, 2), spare);
		EXPECT_EQ(perfbuf_emit_begin(&inner, &varying::object, other, parts, 2), nullptr);
		EXPECT_EQ(perfbuf_emit_next(&outer), nullptr);

		const auto got = reader.records();

		ASSERT_EQ(got.size(), 2u) << "with the loss before it";
		EXPECT_EQ(got.back().at<u16>(4), varying::object.id);
		EXPECT_EQ(got.back().at<s32>(8), now.pid);
		EXPECT_EQ(reader.owner().losses().read(loss_cause::recursion), turn);
	}
}

/* Every pair of contexts, the upper one while the payload of the lower one is being stored. */
TEST_F(producer_emission, a_higher_context_writes_its_record_within_that_of_a_lower_one)
{
	testdev source;
	constexpr nesting levels[] = {nesting::task, nesting::softirq, nesting::irq, nesting::nmi};

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, time_tid_cpu, every_field})
		for (u32 low = 0; low < 4; low++)
			for (u32 high = low + 1; high < 4; high++) {
				reader reader(source, attr_of(fixed::object, fields));
				open_emission outer;

				now.level = levels[low];
				fixed_payload *payload = outer.begin();

				ASSERT_TRUE(payload);
				now.level = levels[high];
				emit_fixed(2);
				EXPECT_EQ(reader.owner().losses().total(), 0u);
				emit_fixed(3);
				now.level = levels[low];
				payload->context = low;
				payload->number = 1;
				payload->last = 1;
				EXPECT_FALSE(outer.next());
				now.level = nesting::task;

				const auto got = reader.records();

				EXPECT_EQ(got.size(), 3u);
				EXPECT_EQ(reader.owner().losses().total(), 0u);
				EXPECT_EQ(reader.owner().producer().count(), 3u);
			}
}

TEST_F(producer_emission, an_undeclared_context_is_lost_by_its_cause)
{
	for (u32 declared = 1; declared < 16; declared++) {
		testdev source(declared);

		ASSERT_EQ(source.error, 0);
		for (u32 level = 0; level < 4; level++) {
			reader reader(source, attr_of(fixed::object));

			now.level = static_cast<nesting>(level);
			emit_fixed(1);
			now.level = nesting::task;

			const bool allowed = declared & 1u << level;

			EXPECT_EQ(reader.owner().records(), allowed) << declared << " " << level;
			EXPECT_EQ(reader.owner().losses().read(loss_cause::context), !allowed);
			EXPECT_EQ(reader.owner().losses().total(), !allowed);
		}
	}
}

} // namespace
