// SPDX-License-Identifier: GPL-2.0
/* Raw events: what their caller copies, byte for byte, for readers of every kind. */
#include "harness.hpp"

#include <cstring>
#include <string>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_raw : public producer_emission
{
protected:
	/* Not what its memory was before. */
	static perfbuf_emission used_emission()
	{
		perfbuf_emission e;

		std::memset(&e, 0xff, sizeof(e));
		return e;
	}
};

/* The record of @bytes for a reader of @fields, as every path must write it. */
raw_record record_of(const event &of, const std::string &bytes, u64 time = 0)
{
	const raw_record fixed = expected(of, 0, time);
	const bool has_raw = of.attr().sample_type & PERF_SAMPLE_RAW;
	const size_t words = fixed.body.size() - 4 - 28;
	const perfbuf_common common = {
		.type = static_cast<u16>(dump::object.id),
		.flags = static_cast<u8>((now.level == nesting::nmi ? 0x40 : 0) | now.irqs_off),
		.preempt_count = static_cast<u8>(now.preempt_count),
		.pid = now.pid};
	const u32 data = 12 | static_cast<u32>(bytes.size()) << 16;
	const u32 raw_size = static_cast<u32>((4 + 12 + bytes.size() + 7) / 8 * 8 - 4);
	raw_record made = {};

	made.body.assign(fixed.body.begin(), fixed.body.begin() + static_cast<long>(words));
	if (has_raw) {
		made.body.resize(words + 4 + raw_size);
		std::memcpy(&made.body[words], &raw_size, 4);
		std::memcpy(&made.body[words + 4], &common, 8);
		std::memcpy(&made.body[words + 12], &data, 4);
		std::copy(bytes.begin(), bytes.end(), &made.body[words + 16]);
	}
	made.header = fixed.header;
	made.header.size = static_cast<u16>(8 + made.body.size());
	return made;
}

constexpr perf_buffer::options rings[] = {
	{.nr_pages = 1},
	{.nr_pages = 2, .page_order = 0},
	{.nr_pages = 1, .storage = storage_kind::mirrored},
	{.nr_pages = 2, .backward = true},
};

TEST_F(producer_raw, each_reader_gets_the_bytes_and_no_others)
{
	testdev source;

	for (const perf_buffer::options &wanted : rings)
		for (u64 fields :
		     {u64{PERF_SAMPLE_RAW}, every_field, every_field & ~PERF_SAMPLE_RAW}) {
			reader first(source, attr_of(dump::object, fields), 0, wanted),
				other(source, attr_of(dump::object), 0, wanted);
			u32 in_spare = 0, in_place = 0;

			/* Old records are no zeros, so that a byte that is not written is seen. */
			for (u32 turn = 0; turn < 2000; turn++) {
				const u32 n = turn % 41;
				const std::string bytes(n, static_cast<char>(0x80 + turn % 64));
				perfbuf_emission e = used_emission();
				char spare[41];
				const u64 time = now.clock;

				now.level = turn % 2 ? nesting::nmi : nesting::task;
				now.preempt_count = turn % 5;
				if (turn % 3) {
					u32 readers = 0;

					for (bool more = perfbuf_begin(&e, &dump::object, n); more;
					     more = perfbuf_next(&e), readers++) {
						perfbuf_copy(&e, bytes.data(), n / 3);
						perfbuf_copy(&e, bytes.data(), n);
						perfbuf_copy(&e, "too much", 8);
					}
					ASSERT_EQ(readers, 2u);
				} else {
					for (void *to =
						     perfbuf_reserve(&e, &dump::object, n, spare);
					     to; to = perfbuf_reserve_next(&e)) {
						(to == spare ? in_spare : in_place)++;
						ASSERT_NE(to, static_cast<void *>(&e));
						std::memcpy(to, bytes.data(), n);
					}
				}
				const raw_record mine = record_of(first.owner(), bytes, time);
				const raw_record theirs = record_of(other.owner(), bytes);

				now.level = nesting::task;
				ASSERT_EQ(first.records(), std::vector{mine}) << turn;
				ASSERT_EQ(other.records(), std::vector{theirs}) << turn;
			}
			EXPECT_EQ(first.owner().records(), 2000u);
			EXPECT_EQ(other.owner().producer().count(), 2000u);
			EXPECT_GT(in_place, 0u);
			if (!(fields & PERF_SAMPLE_RAW)) {
				EXPECT_GE(in_spare, 667u) << "its record has no place for them";
			} else if (wanted.storage == storage_kind::mirrored) {
				EXPECT_EQ(in_spare, 0u);
			} else if (!wanted.backward) {
				EXPECT_GT(in_spare, 0u) << "where the ring ends";
			}
		}
}

TEST_F(producer_raw, bytes_that_are_not_copied_are_zero)
{
	testdev source;
	reader reader(source, attr_of(dump::object), 0, {.nr_pages = 1}),
		bare(source, attr_of(dump::object, PERF_SAMPLE_TID));

	for (u32 turn = 0; turn < 300; turn++) {
		const u32 n = turn % 30, copied = turn % (n + 1);
		perfbuf_emission e = used_emission();

		for (bool more = perfbuf_begin(&e, &dump::object, n); more; more = perfbuf_next(&e))
			perfbuf_copy(&e, std::string(copied, '\xee').data(), copied);
		ASSERT_EQ(reader.records()[0],
			  record_of(reader.owner(),
				    std::string(copied, '\xee') + std::string(n - copied, '\0')));
		ASSERT_EQ(bare.records().size(), 1u);
	}
}

TEST_F(producer_raw, a_record_that_is_given_up_leaves_no_trace_and_no_reservation)
{
	testdev source;
	reader reader(source, attr_of(dump::object)),
		bare(source, attr_of(dump::object, PERF_SAMPLE_TID)),
		last(source, attr_of(dump::object));

	for (int turn = 0; turn < 3; turn++) {
		perfbuf_emission e = used_emission();

		for (bool more = perfbuf_begin(&e, &dump::object, 24); more;
		     more = perfbuf_next(&e)) {
			perfbuf_discard(&e);
			perfbuf_discard(&e);
			perfbuf_copy(&e, "x", 1);
		}
		EXPECT_EQ(reader.ring().bytes(), 0u);
		EXPECT_TRUE(reader.records().empty());
		EXPECT_TRUE(last.records().empty());
		EXPECT_EQ(bare.records().size(), 1u) << "there is nothing in it to give up";
	}
	EXPECT_EQ(reader.owner().records(), 0u);
	EXPECT_EQ(bare.owner().records(), 3u);
	EXPECT_EQ(bare.ring().records(), 3u);
}

/* The record of an NMI stands right behind one that has no place for the bytes, or was given up. */
TEST_F(producer_raw, bytes_without_a_place_touch_no_other_record)
{
	testdev source;
	const std::string mine(8, '\x55');

	for (bool has_raw : {false, true})
		for (u32 n : {1u, 24u})
			for (bool reserves : {false, true}) {
				reader reader(source,
					      attr_of(dump::object,
						      has_raw ? PERF_SAMPLE_RAW | PERF_SAMPLE_TID
							      : PERF_SAMPLE_TID));
				perfbuf_emission outer = used_emission(), inner = used_emission();
				char spare[24];
				void *to = spare;

				if (reserves)
					to = perfbuf_reserve(&outer, &dump::object, n, spare);
				else
					ASSERT_TRUE(perfbuf_begin(&outer, &dump::object, n));
				ASSERT_TRUE(to);
				if (has_raw)
					perfbuf_discard(&outer);
				now.level = nesting::nmi;
				ASSERT_TRUE(perfbuf_begin(&inner, &dump::object, 8));
				perfbuf_copy(&inner, mine.data(), 8);
				EXPECT_FALSE(perfbuf_next(&inner));
				const raw_record wanted = record_of(reader.owner(), mine);

				now.level = nesting::task;
				perfbuf_copy(&outer, "over and over and over..", n);
				EXPECT_FALSE(reserves ? perfbuf_reserve_next(&outer) != nullptr
						      : perfbuf_next(&outer));

				const auto got = reader.records();

				ASSERT_EQ(got.size(), has_raw ? 1u : 2u);
				EXPECT_EQ(got.back(), wanted) << has_raw << n << reserves;
			}
}

/* A copy that went on behind its record would come to the oldest one. */
TEST_F(producer_raw, bytes_without_a_place_touch_no_record_that_is_not_read_yet)
{
	testdev source;
	reader bare(source, attr_of(dump::object, PERF_SAMPLE_TID), 0,
		    {.nr_pages = 2, .page_order = 0});
	const std::string bytes(24, '\xff');

	for (int i = 0; i < 400; i++) {
		perfbuf_emission e = used_emission();

		ASSERT_TRUE(perfbuf_begin(&e, &dump::object, 24));
		perfbuf_copy(&e, bytes.data(), 24);
		EXPECT_FALSE(perfbuf_next(&e));
	}

	const auto got = bare.records();

	ASSERT_EQ(got.size(), 400u);
	for (const raw_record &record : got)
		ASSERT_EQ(record, record_of(bare.owner(), ""));
}

TEST_F(producer_raw, a_reader_that_does_not_want_it_or_has_no_space_is_passed_over)
{
	testdev source;
	perf_event_attr third = attr_of(dump::object);

	third.sample_period = 3;
	/* The newest comes first: each of these stands before one that takes it. */
	reader last(source, attr_of(dump::object)), filtered(source, attr_of(dump::object)),
		sampling(source, third), middle(source, attr_of(dump::object)),
		full(source, attr_of(dump::object), 0, {.nr_pages = 1}),
		limited(source, attr_of(dump::object)), no_ring(source, attr_of(dump::object));
	const std::string large(3000, 'l');

	ASSERT_EQ(filtered.set_filter("common_pid == 7"), 0);
	limited.owner().disable();
	ASSERT_TRUE(limited.owner().refresh(2));
	no_ring.owner().set_ring(nullptr);
	for (u32 turn = 0; turn < 6; turn++) {
		perfbuf_emission e = used_emission();
		u32 readers = 0;

		if (turn == 5)
			now.pid = 7;
		for (bool more = perfbuf_begin(&e, &dump::object, 3000); more;
		     more = perfbuf_next(&e), readers++)
			perfbuf_copy(&e, large.data(), 3000);
		const bool is_third = turn % 3 == 2;

		EXPECT_EQ(readers, 2u + is_third + (turn < 1) + (turn < 2) + (turn == 5)) << turn;
		EXPECT_EQ(last.records().size(), 1u);
		EXPECT_EQ(middle.records().size(), 1u);
		EXPECT_EQ(sampling.records().size(), is_third);
		EXPECT_EQ(filtered.records().size(), turn == 5);
		EXPECT_EQ(limited.records().size(), turn < 2);
	}
	EXPECT_EQ(full.owner().losses().read(loss_cause::full), 5u);
	EXPECT_EQ(full.records().size(), 1u);
	EXPECT_EQ(no_ring.owner().losses().read(loss_cause::no_ring), 6u);
	EXPECT_EQ(sampling.owner().producer().count(), 6u);
	EXPECT_EQ(filtered.owner().producer().count(), 1u);
	EXPECT_EQ(limited.owner().producer().count(), 2u);
	no_ring.owner().set_ring(&no_ring.ring());
}

TEST_F(producer_raw, more_than_any_record_holds_is_lost_for_its_size)
{
	testdev source;
	reader reader(source, attr_of(dump::object), 0, {.nr_pages = 64});

	for (u32 bytes : {u32{65536}, u32{1} << 20, ~u32{0} - 12, ~u32{0}}) {
		perfbuf_emission e = used_emission();
		char spare[1];

		EXPECT_FALSE(perfbuf_begin(&e, &dump::object, bytes));
		EXPECT_FALSE(perfbuf_reserve(&e, &dump::object, bytes, spare));
	}
	EXPECT_EQ(reader.owner().losses().read(loss_cause::too_big), 8u);
	EXPECT_TRUE(reader.records().empty());
}

TEST_F(producer_raw, an_event_within_itself_is_dropped_and_one_of_a_higher_context_is_not)
{
	testdev source;
	reader reader(source, attr_of(dump::object));
	perfbuf_emission outer = used_emission(), inner = used_emission();

	ASSERT_TRUE(perfbuf_begin(&outer, &dump::object, 8));
	EXPECT_FALSE(perfbuf_begin(&inner, &dump::object, 8));
	EXPECT_EQ(reader.owner().losses().read(loss_cause::recursion), 1u);
	now.level = nesting::irq;
	ASSERT_TRUE(perfbuf_begin(&inner, &dump::object, 8));
	perfbuf_copy(&inner, "inner678", 8);
	EXPECT_FALSE(perfbuf_next(&inner));
	now.level = nesting::task;
	perfbuf_copy(&outer, "outer678", 8);
	EXPECT_FALSE(perfbuf_next(&outer));

	const auto got = reader.records();

	ASSERT_EQ(got.size(), 3u);
	EXPECT_EQ(std::string(&got[0].body[16], 8), "outer678");
	EXPECT_EQ(got[1].header.type, u32{PERF_RECORD_LOST});
	EXPECT_EQ(std::string(&got[2].body[16], 8), "inner678");
	ASSERT_TRUE(perfbuf_begin(&outer, &dump::object, 8)) << "and it is written again";
	EXPECT_FALSE(perfbuf_next(&outer));
}

} // namespace
