// SPDX-License-Identifier: GPL-2.0
/* Bursts: what each reader gets of them, on each path, is what single emissions would give it. */
#include "harness.hpp"

#include <memory>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_burst : public producer_emission
{
};

constexpr u32 fixed_record_bytes = 8 + 4 + 28; /* RAW alone */

template <typename Meanwhile>
void emit_burst(u64 first, u32 records, Meanwhile &&meanwhile)
{
	fixed::emit_burst(records, [&](pb::u32 i, auto put) {
		meanwhile(i);
		return put(static_cast<u32>(now.level), first + i, static_cast<u8>(first + i));
	});
}

void emit_burst(u64 first, u32 records)
{
	emit_burst(first, records, [](u32) {});
}

/* The same by single emissions at one time. */
void emit_each(u64 first, u32 records)
{
	const u64 time = now.clock;

	for (u32 i = 0; i < records; i++) {
		now.clock = time;
		emit_fixed(first + i);
	}
}

u64 number_of(const raw_record &record)
{
	return record.at<u64>(4 + offsetof(fixed_payload, number));
}

constexpr perf_buffer::options rings[] = {
	{.nr_pages = 4},
	{.nr_pages = 4, .storage = storage_kind::mirrored},
	{.nr_pages = 4, .storage = storage_kind::vmalloc},
	{.nr_pages = 4, .overwrite = true},
	{.nr_pages = 4, .backward = true},
	{.nr_pages = 4, .overwrite = true, .backward = true},
};

TEST_F(producer_burst, each_reader_gets_the_samples_of_single_emissions_on_every_path)
{
	testdev source;

	ASSERT_EQ(source.error, 0);
	for (const perf_buffer::options &wanted : rings)
		for (u64 fields : field_sets)
			for (nesting level : {nesting::task, nesting::nmi})
				for (size_t others : {0, 1, 2})
					for (const char *filter : {"", "number & 3"}) {
						SCOPED_TRACE(testing::Message()
							     << &wanted - rings << " fields "
							     << std::hex << fields << " others "
							     << others << filter);
						std::vector<std::unique_ptr<reader>> all;

						for (size_t i = 0; i <= others; i++)
							all.push_back(std::make_unique<reader>(
								source,
								attr_of(fixed::object,
									i ? field_sets[i] : fields),
								0, wanted));
						if (*filter) {
							ASSERT_EQ(all[0]->set_filter(filter), 0);
						}
						now.level = level;
						/* Chunks and rings end within bursts. */
						for (u64 first = 0; first < 600; first += 17) {
							const u32 n = first % 64 + 1;
							const u64 time = now.clock;
							std::vector<std::vector<raw_record>> got;

							emit_burst(first, n);
							for (auto &attached : all)
								got.push_back(attached->records());
							now.clock = time;
							emit_each(first, n);
							for (size_t i = 0; i < all.size(); i++)
								ASSERT_EQ(all[i]->records(), got[i])
									<< i << " of " << first;
							if (others || !*filter) {
								ASSERT_EQ(got.back().size(), n);
							}
						}
						now.level = nesting::task;
						for (auto &attached : all) {
							EXPECT_EQ(
								attached->owner().losses().total(),
								0u);
							EXPECT_EQ(attached->owner().records(),
								  attached->owner()
									  .producer()
									  .count());
							EXPECT_EQ(attached->owner().records(),
								  attached->ring().records());
						}
					}
}

TEST_F(producer_burst, a_reader_sees_nothing_before_the_last_record_is_stored)
{
	testdev source;

	for (const perf_buffer::options &wanted : rings)
		for (const char *filter : {"", "number >= 0"}) {
			reader reader(source, attr_of(fixed::object), 0, wanted);
			const u64 before = reader.ring().user_page()->data_head;

			if (*filter) {
				ASSERT_EQ(reader.set_filter(filter), 0);
			}
			emit_burst(0, 64, [&](u32) {
				EXPECT_EQ(reader.ring().user_page()->data_head, before);
			});
			EXPECT_EQ(reader.records().size(), 64u);
		}
}

TEST_F(producer_burst, nothing_is_reserved_for_a_record_that_the_filter_drops)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));

	ASSERT_EQ(reader.set_filter("number >= 10 && number < 13"), 0);
	emit_burst(0, 64);
	EXPECT_EQ(reader.ring().bytes(), 3 * fixed_record_bytes);

	const auto got = reader.records();

	ASSERT_EQ(got.size(), 3u);
	EXPECT_EQ(number_of(got[0]), 10u);
	EXPECT_EQ(number_of(got[2]), 12u);
	emit_burst(100, 64);
	EXPECT_EQ(reader.ring().bytes(), 3 * fixed_record_bytes);
	EXPECT_EQ(reader.owner().records(), 3u);
	EXPECT_EQ(reader.owner().producer().count(), 3u);
	EXPECT_EQ(reader.owner().losses().total(), 0u);
}

TEST_F(producer_burst, a_burst_without_space_is_lost_as_a_whole_for_that_reader_alone)
{
	testdev source;
	reader slow(source, attr_of(fixed::object), 0, {.nr_pages = 1});
	reader fast(source, attr_of(fixed::object));
	constexpr u32 fit = 4096 / fixed_record_bytes / 20 * 20;

	for (u32 i = 0; i < fit; i += 20)
		emit_burst(i, 20);
	fast.records();
	emit_burst(1000, 20);
	emit_burst(1000, 30);
	EXPECT_EQ(slow.owner().losses().read(loss_cause::full), 50u);
	EXPECT_EQ(slow.owner().records(), fit);
	EXPECT_EQ(slow.ring().losses().read(loss_cause::full), 50u);
	EXPECT_EQ(fast.records().size(), 50u);
	EXPECT_EQ(fast.owner().losses().total(), 0u);

	EXPECT_EQ(slow.records().size(), fit);
	emit_burst(2000, 5);

	const auto got = slow.records();

	ASSERT_EQ(got.size(), 6u);
	EXPECT_EQ(got[0].header.type, u32{PERF_RECORD_LOST});
	EXPECT_EQ(got[0].at(8), 50u);
	EXPECT_EQ(number_of(got[1]), 2000u);
}

TEST_F(producer_burst, a_filter_that_drops_records_lets_the_others_fit)
{
	testdev source;
	reader reader(source, attr_of(fixed::object), 0, {.nr_pages = 1});

	ASSERT_EQ(reader.set_filter("number < 1000"), 0);
	for (u32 i = 0; i < 2; i++)
		emit_burst(i, 50);
	emit_burst(999, 64);
	EXPECT_EQ(reader.owner().losses().total(), 0u);
	emit_burst(998, 64);
	EXPECT_EQ(reader.owner().losses().read(loss_cause::full), 2u)
		<< "and it loses what matches";
}

TEST_F(producer_burst, a_burst_of_a_reader_without_a_ring_is_lost_as_a_whole)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));

	reader.owner().set_ring(nullptr);
	emit_burst(0, 9);
	EXPECT_EQ(reader.owner().losses().read(loss_cause::no_ring), 9u);
	EXPECT_EQ(reader.owner().records(), 0u);
	reader.owner().set_ring(&reader.ring());
}

TEST_F(producer_burst, a_count_out_of_range_writes_nothing)
{
	testdev source;
	reader first(source, attr_of(fixed::object)), other(source, attr_of(fixed::object));

	emit_burst(0, 0);
	EXPECT_EQ(first.owner().losses().total(), 0u);
	emit_burst(0, PERFBUF_BURST_MAX + 1);
	for (reader *each : {&first, &other}) {
		EXPECT_EQ(each->owner().losses().read(loss_cause::too_big), 65u);
		EXPECT_EQ(each->owner().losses().total(), 65u);
		EXPECT_TRUE(each->records().empty());
	}
	emit_burst(0, PERFBUF_BURST_MAX);
	EXPECT_EQ(first.owner().records(), 64u);
}

TEST_F(producer_burst, an_event_emitted_while_a_burst_of_it_is_stored_is_dropped_and_counted)
{
	testdev source;

	for (bool filtered : {false, true}) {
		reader reader(source, attr_of(fixed::object));
		u64 within = 0;

		if (filtered) {
			ASSERT_EQ(reader.set_filter("number >= 0"), 0);
		}
		emit_burst(0, 3, [&](u32) {
			emit_fixed(99);
			emit_burst(99, 5);
			within += 6;
		});
		EXPECT_EQ(reader.owner().losses().read(loss_cause::recursion), within);
		EXPECT_EQ(reader.owner().records(), 3u);
		emit_fixed(4);
		EXPECT_EQ(reader.owner().records(), 4u) << "and it is written again";
	}
}

TEST_F(producer_burst, a_higher_context_writes_behind_the_burst_that_it_interrupts)
{
	testdev source;

	for (u64 fields : field_sets)
		for (bool filtered : {false, true}) {
			reader reader(source, attr_of(fixed::object, fields));
			u32 nested = 0;

			if (filtered) {
				ASSERT_EQ(reader.set_filter("number >= 0"), 0);
			}
			emit_burst(0, 8, [&](u32) {
				now.level = nesting::nmi;
				emit_burst(100, 2);
				emit_fixed(102);
				now.level = nesting::task;
				nested += 3;
			});

			const auto got = reader.records();

			ASSERT_EQ(got.size(), 8u + nested);
			EXPECT_EQ(reader.owner().losses().total(), 0u);

			/* The burst is whole, wherever it is. */
			size_t at = 0;

			while (at < got.size() && got[at].body.size() >= 28 &&
			       got[at].at<u64>(got[at].body.size() - 28 +
					       offsetof(fixed_payload, number)) >= 100)
				at++;
			for (u64 i = 0; i < 8; i++) {
				ASSERT_LT(at + i, got.size());
				EXPECT_EQ(got[at + i].at<u64>(got[at + i].body.size() - 28 +
							      offsetof(fixed_payload, number)),
					  i);
			}
		}
}

TEST_F(producer_burst, an_undeclared_context_loses_each_record)
{
	testdev source(PERFBUF_CONTEXT_TASK);
	reader reader(source, attr_of(fixed::object));

	now.level = nesting::irq;
	emit_burst(0, 7);
	now.level = nesting::task;
	EXPECT_EQ(reader.owner().losses().read(loss_cause::context), 7u);
	emit_burst(0, 7);
	EXPECT_EQ(reader.owner().records(), 7u);
}

TEST_F(producer_burst, a_period_counts_each_record)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.sample_period = 5;

	reader reader(source, attr);

	emit_burst(0, 12);
	emit_burst(12, 13);

	const auto got = reader.records();

	ASSERT_EQ(got.size(), 5u);
	for (u64 i = 0; i < 5; i++)
		EXPECT_EQ(number_of(got[i]), 5 * i + 4);
	EXPECT_EQ(reader.owner().producer().count(), 25u);
}

/* As many as it says, and each payload where its record is. */
TEST_F(producer_burst, each_record_is_asked_for_once_for_each_reader)
{
	testdev source;

	for (const perf_buffer::options &wanted : rings)
		for (u64 fields : field_sets)
			for (u32 records : {1u, 7u, 64u}) {
				reader first(source, attr_of(fixed::object, fields), 0, wanted),
					other(source, attr_of(fixed::object), 0, wanted);
				u32 asked = 0;

				emit_burst(0, records, [&](u32 i) {
					EXPECT_LT(i, records);
					asked++;
				});
				EXPECT_EQ(asked, 2 * records);
				EXPECT_EQ(first.records().size(), records);
				EXPECT_EQ(other.records().size(), records);
			}
}

TEST_F(producer_burst, a_limit_ends_within_it)
{
	testdev source;
	reader limited(source, attr_of(fixed::object)), other(source, attr_of(fixed::object));

	limited.owner().disable();
	ASSERT_TRUE(limited.owner().refresh(4));
	emit_burst(0, 10);
	EXPECT_EQ(limited.records().size(), 4u);
	EXPECT_EQ(limited.owner().state(), event_state::off);
	/* It is not taken off the list yet. */
	emit_burst(0, 5, [&](u32) { emit_fixed(9); });
	EXPECT_EQ(limited.records().size(), 0u);
	EXPECT_EQ(limited.owner().producer().count(), 4u);
	EXPECT_EQ(limited.owner().losses().total(), 0u) << "what it may not have is no loss";
	EXPECT_EQ(other.owner().losses().read(loss_cause::recursion), 5u);
}

TEST_F(producer_burst, each_record_counts_towards_the_wakeup_by_count)
{
	testdev source;

	for (const char *filter : {"", "number >= 0"}) {
		perf_event_attr attr = attr_of(fixed::object);

		attr.wakeup_events = 10;

		reader reader(source, attr);

		if (*filter) {
			ASSERT_EQ(reader.set_filter(filter), 0);
		}
		emit_burst(0, 9);
		settle();
		EXPECT_EQ(reader.woken, 0);
		emit_burst(0, 1);
		settle();
		EXPECT_EQ(reader.woken, 1);
	}
}

TEST_F(producer_burst, a_disabled_reader_gets_nothing)
{
	testdev source;
	reader first(source, attr_of(fixed::object)), other(source, attr_of(fixed::object));

	first.owner().disable();
	emit_burst(0, 4);
	EXPECT_TRUE(first.records().empty());
	EXPECT_EQ(first.owner().producer().count(), 0u);
	EXPECT_EQ(other.records().size(), 4u);
}

TEST_F(producer_burst, the_clock_is_read_once)
{
	testdev source;
	reader first(source, attr_of(fixed::object, time_tid_cpu)),
		other(source, attr_of(fixed::object, time_tid_cpu));

	now.clock_looks = 0;
	emit_burst(0, 20);
	EXPECT_EQ(now.clock_looks, 1u);
}

} // namespace
