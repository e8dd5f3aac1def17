// SPDX-License-Identifier: GPL-2.0
/* Tests of an emission's records, for each reader, on each path; the paths must not differ. */
#include "harness.hpp"

#include <algorithm>
#include <optional>
#include <random>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

constexpr perf_buffer::options rings[] = {
	{.nr_pages = 4},
	{.nr_pages = 4, .storage = storage_kind::mirrored},
	{.nr_pages = 4, .storage = storage_kind::vmalloc},
	{.nr_pages = 4, .page_order = 0},
	{.nr_pages = 4, .overwrite = true},
	{.nr_pages = 4, .backward = true},
	{.nr_pages = 4, .overwrite = true, .backward = true},
};

TEST_F(producer_emission, each_reader_gets_the_same_sample_on_every_path)
{
	testdev source;

	ASSERT_EQ(source.error, 0);
	for (const perf_buffer::options &wanted : rings)
		for (u64 fields : field_sets)
			for (nesting level :
			     {nesting::task, nesting::softirq, nesting::irq, nesting::nmi})
				for (int others : {0, 1, 2})
					for (const char *filter : {"", "number >= 0"}) {
						SCOPED_TRACE(testing::Message()
							     << &wanted - rings << " fields "
							     << std::hex << fields << " level "
							     << static_cast<u32>(level)
							     << " others " << others << filter);
						reader attached(source,
								attr_of(fixed::object, fields), 0,
								wanted);
						std::vector<std::unique_ptr<reader>> more;

						for (int i = 0; i < others; i++)
							more.push_back(std::make_unique<reader>(
								source,
								attr_of(fixed::object,
									field_sets[i + 1])));
						if (*filter) {
							ASSERT_EQ(attached.set_filter(filter), 0);
						}
						now.level = level;
						now.preempt_count = static_cast<u32>(others);
						/* Chunks and rings end within records. */
						for (u64 i = 0; i < 400; i++) {
							const u64 time = now.clock;

							emit_fixed(i);
							const auto got = attached.records();
							ASSERT_EQ(got.size(), 1u) << i;
							ASSERT_EQ(got[0], expected(attached.owner(),
										   i, time))
								<< i;
							for (auto &each : more) {
								const auto theirs = each->records();
								ASSERT_EQ(theirs.size(), 1u);
								ASSERT_EQ(theirs[0],
									  expected(each->owner(), i,
										   time));
							}
						}
						EXPECT_EQ(attached.owner().records(), 400u);
						EXPECT_EQ(attached.owner().producer().count(),
							  400u);
						now.level = nesting::task;
						now.preempt_count = 0;
					}
}

TEST_F(producer_emission, the_clock_is_read_once_and_only_if_a_reader_needs_it)
{
	testdev source;
	std::optional<reader> raw, timed;

	raw.emplace(source, attr_of(fixed::object));
	now.clock_looks = 0;
	emit_fixed(1);
	EXPECT_EQ(now.clock_looks, 0u);
	timed.emplace(source, attr_of(fixed::object, time_tid_cpu));
	reader other(source, attr_of(fixed::object, every_field));
	now.clock_looks = 0;
	emit_fixed(2);
	EXPECT_EQ(now.clock_looks, 1u);
	timed.reset();
	now.clock_looks = 0;
	emit_fixed(3);
	EXPECT_EQ(now.clock_looks, 1u) << "the last one needs it, too";
	{
		/* Of these none needs it. */
		reader here(source, attr_of(tagged::object)),
			there(source, attr_of(tagged::object));

		for (u64 fields : {time_tid_cpu, u64{PERF_SAMPLE_RAW | PERF_SAMPLE_TID}}) {
			reader gone(source, attr_of(tagged::object, fields));

			now.clock_looks = 0;
			tagged::emit(1, "t");
			EXPECT_EQ(now.clock_looks, fields == time_tid_cpu);
		}
		now.clock_looks = 0;
		tagged::emit(1, "t");
		EXPECT_EQ(now.clock_looks, 0u);
	}
}

TEST_F(producer_emission, a_source_that_is_not_registered_writes_nothing)
{
	EXPECT_EQ(fixed::object.cpus, nullptr);
	fixed::object.listened[0]++;
	emit_fixed(1);
	fixed::object.listened[0]--;
	EXPECT_EQ(now.emissions, 0);
}

TEST_F(producer_emission, a_full_ring_counts_what_it_refuses_and_reports_it)
{
	testdev source;

	for (u64 fields : field_sets)
		for (int others : {0, 1}) {
			reader attached(source, attr_of(fixed::object, fields), 0, {.nr_pages = 1});
			std::optional<reader> other;

			if (others)
				other.emplace(source, attr_of(fixed::object));
			for (u64 i = 0; i < 200; i++)
				emit_fixed(i);

			const u64 kept = attached.owner().records();
			const auto got = attached.records();

			EXPECT_EQ(got.size(), kept);
			EXPECT_LT(kept, 200u);
			EXPECT_EQ(attached.owner().losses().read(loss_cause::full), 200 - kept);
			EXPECT_EQ(attached.owner().producer().count(), 200u);
			emit_fixed(200);

			const auto after = attached.records();

			ASSERT_EQ(after.size(), 2u);
			EXPECT_EQ(after[0].header.type, static_cast<u32>(PERF_RECORD_LOST));
			EXPECT_EQ(after[0].at<u64>(8), 200 - kept);
		}
}

TEST_F(producer_emission, a_filter_is_asked_before_anything_is_reserved)
{
	testdev source;
	reader first(source, attr_of(fixed::object)), other(source, attr_of(fixed::object));

	ASSERT_EQ(first.set_filter("number & 1 && number < 100"), 0);
	for (u64 i = 0; i < 200; i++) {
		const u64 before = first.ring().bytes();

		emit_fixed(i);
		const bool wanted = i % 2 && i < 100;

		EXPECT_EQ(first.ring().bytes() != before, wanted);
		EXPECT_EQ(first.records().size(), wanted);
		EXPECT_EQ(other.records().size(), 1u);
	}
	EXPECT_EQ(first.owner().producer().count(), 50u) << "what it drops has not happened";
	EXPECT_EQ(first.owner().losses().total(), 0u);
	/* Of a ring that is full, too. */
	first.owner().set_ring(nullptr);
	emit_fixed(2);
	EXPECT_EQ(first.owner().losses().total(), 0u);
	emit_fixed(1);
	EXPECT_EQ(first.owner().losses().read(loss_cause::no_ring), 1u);
}

TEST_F(producer_emission, a_period_and_a_limit_are_kept_to)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.sample_period = 3;
	reader third(source, attr);
	for (u64 i = 0; i < 10; i++)
		emit_fixed(i);
	EXPECT_EQ(third.records().size(), 3u);
	EXPECT_EQ(third.owner().producer().count(), 10u);

	reader limited(source, attr_of(fixed::object));
	limited.owner().disable();
	ASSERT_TRUE(limited.owner().refresh(4));
	for (u64 i = 0; i < 10; i++)
		emit_fixed(i);
	EXPECT_EQ(limited.records().size(), 4u);
	EXPECT_EQ(limited.owner().state(), event_state::off);
	settle();
	EXPECT_GT(limited.woken, 0);
}

TEST_F(producer_emission, every_third_sample_wakes_on_the_fast_path)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.wakeup_events = 3;
	reader reader(source, attr);
	for (int i = 1; i <= 9; i++) {
		emit_fixed(1);
		settle();
		EXPECT_EQ(reader.woken, i / 3);
	}
}

/* C macros take NULL for both; so does C++. */
TEST_F(producer_emission, a_null_string_is_written_as_the_C_macros_write_it)
{
	testdev source;
	reader first(source, attr_of(varying::object)), other(source, attr_of(varying::object));

	varying::emit(5, nullptr, nullptr, perfbuf_part{nullptr, 0});
	for (reader *each : {&first, &other}) {
		const auto got = each->records();

		ASSERT_EQ(got.size(), 1u);
		EXPECT_EQ(got[0].at<u64>(4 + 8), 5u);
		EXPECT_EQ(got[0].at<u64>(4 + 16), 0u) << "name is empty";
		EXPECT_EQ(got[0].at<u32>(4 + 24), 32u | 7u << 16);
		EXPECT_STREQ(&got[0].body[4 + 32], "(null)");
	}
}

/* Parts of every length, so that records end everywhere. */
TEST_F(producer_emission, parts_are_copied_behind_the_fixed_payload)
{
	testdev source;
	std::string long_text(300, 'x');

	for (const perf_buffer::options &wanted : rings)
		for (u64 fields : field_sets) {
			reader reader(source, attr_of(varying::object, fields), 0, wanted);
			const size_t raw = 8 * static_cast<size_t>(__builtin_popcountll(
						       fields & ~u64{PERF_SAMPLE_RAW}));

			for (u32 n = 0; n < 300; n++) {
				const std::string text = long_text.substr(0, n);

				varying::emit(n, "name", text.c_str(),
					      perfbuf_part{long_text.data(), n % 9});
				const auto got = reader.records();
				ASSERT_EQ(got.size(), 1u);
				const raw_record &r = got[0];
				const u32 bytes = 32 + n + 1 + n % 9;
				const u32 raw_size = r.at<u32>(raw);

				ASSERT_EQ((raw_size + 4) % 8, 0u);
				ASSERT_GE(raw_size, bytes);
				ASSERT_LT(raw_size, bytes + 8);
				ASSERT_EQ(r.body.size(), raw + 4 + raw_size);
				ASSERT_EQ(r.at<u32>(raw + 4 + 24), 32u | (n + 1) << 16);
				ASSERT_EQ(&r.body[raw + 4 + 32], text);
				ASSERT_EQ(std::string(&r.body[raw + 4 + 32 + n + 1], n % 9),
					  std::string(n % 9, 'x'));
				for (u32 at = bytes; at < raw_size; at++)
					ASSERT_EQ(r.body[raw + 4 + at], 0);
			}
		}
}

/* Readers of one large payload, which are exchanged when interrupts are let in. */
struct crowd {
	testdev source;
	std::mt19937 random{3};
	std::vector<std::unique_ptr<reader>> stay, change;

	std::unique_ptr<reader> make(u64 fields)
	{
		return std::make_unique<reader>(source, attr_of(varying::object, fields), 0,
						perf_buffer::options{.nr_pages = 16});
	}
};
crowd *the_crowd;

TEST_F(producer_emission, a_large_payload_for_many_readers_lets_interrupts_in_and_comes_once)
{
	crowd all;
	const std::string large(32000, 'l');
	const auto emit = [&] { varying::emit(1, "n", "m", perfbuf_part{large.data(), 32000}); };

	now.event_readers_max = 1000;
	for (u32 i = 0; i < 20; i++) {
		all.stay.push_back(all.make(field_sets[i % 4]));
		all.change.push_back(all.make(field_sets[i % 3]));
	}
	emit();
	EXPECT_GE(now.let_in, 40 * 32000 / 98304);
	for (auto *some : {&all.stay, &all.change})
		for (auto &attached : *some)
			ASSERT_EQ(attached->records().size(), 1u);

	/* Readers come, go, and are turned off and on. */
	the_crowd = &all;
	now.interrupt = [] {
		crowd &of = *the_crowd;
		reader &toggled = *of.stay[of.random() % of.stay.size()];
		auto &gone = of.change[of.random() % of.change.size()];

		toggled.owner().disable();
		EXPECT_TRUE(toggled.owner().enable());
		gone = of.make(field_sets[of.random() % 4]);
	};
	for (int turn = 0; turn < 50; turn++) {
		emit();
		for (auto &attached : all.stay)
			ASSERT_EQ(attached->records().size(), 1u) << turn;
		for (auto &attached : all.change)
			ASSERT_LE(attached->records().size(), 1u) << turn;
	}

	/* Small ones, and those of an interrupt, do not let it in. */
	now.let_in = 0;
	varying::emit(1, "n", "m", perfbuf_part{large.data(), 4000});
	now.level = nesting::irq;
	emit();
	now.level = nesting::task;
	EXPECT_EQ(now.let_in, 0);
}

TEST_F(producer_emission, interrupts_are_let_in_behind_65536_bytes_of_payloads_over_4096)
{
	now.event_readers_max = 1000;
	const struct {
		u32 readers, bytes;
		int let_in;
	} all[] = {
		{20, 4096, 0}, {20, 4097, 1}, {4, 16384, 1}, {8, 16384, 2},
		{3, 21845, 0}, {7, 21845, 1}, {3, 21846, 1},
	};
	const std::string text(32000, 'l');

	for (const auto &row : all) {
		testdev source;
		std::vector<std::unique_ptr<reader>> readers;

		for (u32 i = 0; i < row.readers; i++)
			readers.push_back(
				std::make_unique<reader>(source, attr_of(varying::object), 0,
							 perf_buffer::options{.nr_pages = 16}));
		now.let_in = 0;
		/* Its fixed part, and a message of 2 bytes. */
		varying::emit(1, "n", "m", perfbuf_part{text.data(), row.bytes - 34});
		EXPECT_EQ(now.let_in, row.let_in) << row.readers << " of " << row.bytes;
		for (auto &each : readers)
			EXPECT_EQ(each->records().size(), 1u);
	}
}

/* The reader whose turn it was goes, and the one behind it, and all that it had. */
TEST_F(producer_emission, a_reader_that_goes_while_interrupts_are_let_in_is_not_touched_again)
{
	static std::vector<std::unique_ptr<reader>> readers;
	testdev source;
	const std::string text(32000, 'l');
	static u32 goes;

	for (goes = 0; goes < 12; goes++) {
		for (u32 i = 0; i < 12; i++)
			readers.push_back(
				std::make_unique<reader>(source, attr_of(varying::object), 0,
							 perf_buffer::options{.nr_pages = 16}));
		now.interrupt = [] {
			now.interrupt = nullptr;
			readers[11 - goes].reset();
			if (goes)
				readers[12 - goes].reset();
		};
		varying::emit(1, "n", "m", perfbuf_part{text.data(), 32000});
		EXPECT_FALSE(now.interrupt) << "it has come";
		EXPECT_FALSE(readers[11 - goes]);
		for (auto &each : readers)
			if (each) {
				EXPECT_EQ(each->records().size(), 1u);
			}
		readers.clear();
	}
}

TEST_F(producer_emission, a_filter_of_a_string_is_asked_of_an_event_without_parts)
{
	testdev source;

	for (u64 fields : field_sets) {
		reader first(source, attr_of(tagged::object, fields)),
			other(source, attr_of(tagged::object, fields));

		ASSERT_EQ(first.set_filter("tag ~ re* && number < 5"), 0);
		tagged::emit(1, "red");
		tagged::emit(2, "green");
		tagged::emit(6, "red");
		EXPECT_EQ(first.records().size(), 1u);
		EXPECT_EQ(other.records().size(), 3u);
	}
}

TEST_F(producer_emission, a_raw_event_is_copied_given_up_and_reserved)
{
	testdev source;
	reader first(source, attr_of(dump::object)), other(source, attr_of(dump::object));
	perfbuf_emission e;
	char spare[24];

	for (bool more = perfbuf_begin(&e, &dump::object, 24); more; more = perfbuf_next(&e)) {
		perfbuf_copy(&e, "12345678", 8);
		perfbuf_copy(&e, "12345678123456781234567812345678", 32);
	}
	for (bool more = perfbuf_begin(&e, &dump::object, 24); more; more = perfbuf_next(&e)) {
		perfbuf_discard(&e);
		perfbuf_copy(&e, "x", 1);
	}
	for (void *to = perfbuf_reserve(&e, &dump::object, 24, spare); to;
	     to = perfbuf_reserve_next(&e))
		std::memset(to, 'r', 24);
	for (reader *each : {&first, &other}) {
		const auto got = each->records();

		ASSERT_EQ(got.size(), 2u);
		EXPECT_EQ(std::string(&got[0].body[4 + 12], 24), "123456781234567812345678");
		EXPECT_EQ(std::string(&got[1].body[4 + 12], 24), std::string(24, 'r'));
		EXPECT_EQ(each->owner().records(), 2u);
	}
}

TEST_F(producer_emission, readers_that_come_and_go_leave_what_the_others_need)
{
	testdev source;
	std::mt19937 random(7);
	std::vector<std::unique_ptr<reader>> all;

	for (int turn = 0; turn < 2000; turn++) {
		if (all.size() < 6 && random() % 2)
			all.push_back(std::make_unique<reader>(
				source, attr_of(fixed::object, field_sets[random() % 4])));
		else if (!all.empty())
			all.erase(all.begin() + static_cast<long>(random() % all.size()));
		const u64 time = now.clock;

		emit_fixed(static_cast<u64>(turn));
		for (auto &each : all) {
			const auto got = each->records();

			ASSERT_EQ(got.size(), 1u);
			ASSERT_EQ(got[0], expected(each->owner(), static_cast<u64>(turn), time));
		}
	}
}

} // namespace
