// SPDX-License-Identifier: GPL-2.0
/* Readers that follow a task, and the places that readers take. */
#include "harness.hpp"

#include "device/cpus.hpp"

#include <cerrno>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_task : public producer_emission
{
protected:
	static constexpr perf_buffer::options four_pages = {.nr_pages = 4};
	static reader::more follow() { return {.target = task_of(0)}; }
};

TEST_F(producer_task, a_task_is_followed_from_cpu_to_cpu_with_the_rest_of_its_period)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object, time_tid_cpu);

	attr.sample_period = 5;
	reader reader(source, attr, -1, four_pages, follow());

	for (u64 i = 0; i < 3; i++)
		emit_fixed(i);
	switch_to(1);
	emit_fixed(3);
	now.cpu = 2;
	emit_fixed(4);
	switch_to(0);
	emit_fixed(5);
	EXPECT_EQ(reader.records().size(), 0u);
	emit_fixed(6);

	const auto got = reader.records();

	ASSERT_EQ(got.size(), 1u);
	EXPECT_EQ(got[0].at<u64>(16), 2u) << "the CPU";
	EXPECT_EQ(reader.owner().producer().count(), 5u);
	now.cpu = 0;
}

TEST_F(producer_task, a_period_lowered_while_the_task_does_not_run_limits_what_is_left)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.sample_period = 100;
	reader reader(source, attr, -1, four_pages, follow());

	emit_fixed(0);
	switch_to(1);
	ASSERT_TRUE(reader.owner().set_period(3));
	switch_to(0);
	for (u64 i = 1; i <= 6; i++) {
		emit_fixed(i);
		EXPECT_EQ(reader.records().size(), i % 3 == 0) << i;
	}
}

TEST_F(producer_task, a_reader_that_is_enabled_twice_gets_each_record_once)
{
	testdev source;
	reader first(source, attr_of(fixed::object)),
		other(source, attr_of(fixed::object), 0, four_pages, follow());

	for (reader *each : {&first, &other}) {
		each->owner().producer().start();
		emit_fixed(1);
		EXPECT_EQ(first.records().size(), 1u);
		EXPECT_EQ(other.records().size(), 1u);
	}
	first.owner().disable();
	other.owner().disable();
	emit_fixed(1);
	EXPECT_EQ(first.owner().producer().count(), 2u);
	EXPECT_EQ(other.owner().producer().count(), 2u);
}

TEST_F(producer_task, an_emission_where_no_writer_may_begin_is_a_loss_counted_later)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, every_field})
		for (int others : {0, 1}) {
			reader attached(source, attr_of(fixed::object, fields), -1, four_pages,
					follow()),
				raw(source, attr_of(dump::object, fields), -1, four_pages,
				    follow());
			std::unique_ptr<reader> other;
			perfbuf_emission e;

			if (others)
				other = std::make_unique<reader>(source, attr_of(fixed::object));
			emit_fixed(1);
			EXPECT_EQ(attached.records().size(), 1u);
			EXPECT_FALSE(attached.owner().producer().has_missed());
			close_cpu(0);
			emit_fixed(2);
			EXPECT_TRUE(attached.owner().producer().has_missed());
			emit_fixed(3);
			fixed::emit_burst(3, [&](pb::u32 i, auto put) { return put(0, i, 0); });
			EXPECT_FALSE(perfbuf_begin(&e, &dump::object, 8));
			open_cpu(0);
			if (other) {
				EXPECT_EQ(other->records().size(), 6u) << "it is on that CPU alone";
			}
			EXPECT_EQ(attached.records().size(), 0u);
			EXPECT_EQ(attached.owner().losses().total(), 0u) << "not yet";
			EXPECT_EQ(attached.owner().producer().count(), 1u);
			for (int turn = 0; turn < 2; turn++) {
				attached.owner().producer().count_missed();
				EXPECT_FALSE(attached.owner().producer().has_missed());
				EXPECT_EQ(attached.owner().losses().read(loss_cause::recursion),
					  5u);
				EXPECT_EQ(attached.owner().losses().total(), 5u);
			}
			raw.owner().producer().count_missed();
			EXPECT_EQ(raw.owner().losses().read(loss_cause::recursion), 1u);
			emit_fixed(4);
			EXPECT_EQ(attached.records().size(), 2u) << "with the loss before it";
		}
}

TEST_F(producer_task, a_reader_of_one_cpu_is_written_to_where_no_other_writer_may_begin)
{
	testdev source;

	for (u64 fields : {u64{PERF_SAMPLE_RAW}, every_field, every_field | PERF_SAMPLE_DATA_SRC}) {
		reader reader(source, attr_of(fixed::object, fields)),
			raw(source, attr_of(dump::object, fields));
		perfbuf_emission e;

		close_cpu(0);
		emit_fixed(1);
		EXPECT_TRUE(perfbuf_begin(&e, &dump::object, 8));
		EXPECT_FALSE(perfbuf_next(&e));
		open_cpu(0);
		EXPECT_EQ(reader.records().size(), 1u);
		EXPECT_EQ(raw.records().size(), 1u);
		EXPECT_FALSE(reader.owner().producer().has_missed());
		EXPECT_FALSE(raw.owner().producer().has_missed());
	}
}

/* Its children would write to plain ring from several CPUs. */
TEST_F(producer_task, an_inherited_reader_on_any_cpu_counts_and_writes_nothing)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.inherit = 1;
	reader counting(source, attr, -1, four_pages, follow()),
		plain(source, attr_of(fixed::object));
	perfbuf_emission within;

	emit_fixed(1);
	fixed::emit_burst(3, [&](pb::u32 i, auto put) {
		(void)perfbuf_fixed_emit(&within, &fixed::object);
		return put(0, i, 0);
	});
	EXPECT_EQ(counting.owner().losses().total(), 0u);
	EXPECT_EQ(counting.owner().producer().count(), 4u);
	EXPECT_EQ(counting.records().size(), 0u);
	EXPECT_EQ(plain.owner().losses().read(loss_cause::recursion), 6u)
		<< "the payload of each is asked for twice";
}

TEST_F(producer_task, a_child_for_which_there_is_no_memory_is_counted_as_missed)
{
	testdev source;
	perf_event_attr attr = attr_of(fixed::object);

	attr.inherit = 1;
	reader reader(source, attr, 0, four_pages, follow());

	EXPECT_FALSE(reader.owner().producer().has_missed());
	for (u32 child = 1; child < tasks && !reader.owner().producer().has_missed(); child++) {
		pb_test_fail_allocation(1);
		task_set::forked(task_of(child), false);
		pb_test_fail_allocation(0);
	}
	EXPECT_TRUE(reader.owner().producer().has_missed());
	reader.owner().producer().count_missed();
	EXPECT_FALSE(reader.owner().producer().has_missed());
	EXPECT_GT(reader.owner().losses().total(), 0u);
}

TEST_F(producer_task, readers_of_any_cpu_count_on_each)
{
	now.event_readers_max = 8;
	testdev source;
	std::vector<std::unique_ptr<reader>> all;
	const auto open = [&](s32 cpu) {
		auto made = std::make_unique<reader>(source, attr_of(fixed::object), cpu,
						     perf_buffer::options{.nr_pages = 1},
						     cpu < 0 ? follow() : reader::more());
		const int error = made->error;

		if (!error)
			all.push_back(std::move(made));
		return error;
	};

	for (s32 most : {0, 1, s32{cpus} - 1}) {
		/* As many as there are on the fullest CPU, and those of any. */
		for (int i = 0; i < 3; i++)
			EXPECT_EQ(open(most), 0);
		for (int i = 0; i < 5; i++)
			EXPECT_EQ(open(-1), 0) << i;
		EXPECT_EQ(open(-1), ENOSPC);
		for (s32 cpu = 0; cpu < s32{cpus}; cpu++)
			for (int i = cpu == most ? 3 : 0; i < 4; i++)
				EXPECT_EQ(open(cpu), i < 3 ? 0 : ENOSPC) << cpu;
		/* Their places are free again, and no others. */
		all.clear();
		for (s32 cpu : {2, 0}) {
			for (int i = 0; i < 8; i++)
				EXPECT_EQ(open(cpu), 0);
			EXPECT_EQ(open(cpu), ENOSPC);
		}
		all.clear();
		for (int i = 0; i < 8; i++)
			EXPECT_EQ(open(-1), 0);
		EXPECT_EQ(open(-1), ENOSPC);
		all.clear();
	}
}

TEST_F(producer_task, a_user_with_limits_has_a_quarter_of_the_places)
{
	now.event_readers_max = 8;
	testdev source;
	std::vector<std::unique_ptr<reader>> all;
	cxxrt::shared<u64> users[3];
	const auto open = [&](u32 user, s32 cpu, const perfbuf_event &of = fixed::object) {
		auto made = std::make_unique<reader>(
			source, attr_of(of), cpu, perf_buffer::options{.nr_pages = 1},
			reader::more{.target = cpu < 0 ? task_of(0) : nullptr,
				     .linked = nullptr,
				     .user = &users[user]});
		const int error = made->error;

		if (!error)
			all.push_back(std::move(made));
		return error;
	};

	for (s32 cpu : {0, 1}) {
		EXPECT_EQ(open(0, cpu), 0);
		EXPECT_EQ(open(0, cpu), 0);
		EXPECT_EQ(open(0, cpu), ENOSPC);
		EXPECT_EQ(open(0, cpu, varying::object), 0) << "another event";
		EXPECT_EQ(open(1, cpu), 0) << "another user";
	}
	EXPECT_EQ(open(0, -1), ENOSPC);
	/* A place is free as soon as its file is closed. */
	all[0]->close();
	EXPECT_EQ(open(0, 0), 0);
	EXPECT_EQ(open(0, 0), ENOSPC);
	all.clear();

	EXPECT_EQ(open(2, -1), 0);
	EXPECT_EQ(open(2, 3), 0);
	EXPECT_EQ(open(2, 0), 0) << "one of any CPU and one of another";
	EXPECT_EQ(open(2, 3), ENOSPC);
	EXPECT_EQ(open(2, -1), ENOSPC);
	all.clear();
	EXPECT_EQ(open(2, -1), 0);
	EXPECT_EQ(open(2, -1), 0);
	EXPECT_EQ(open(2, -1), ENOSPC);
	EXPECT_EQ(open(2, 1), ENOSPC);
	all.clear();

	now.event_readers_max = 3;
	EXPECT_EQ(open(0, 0), 0) << "one at least";
	EXPECT_EQ(open(0, 0), ENOSPC);
	EXPECT_EQ(open(0, 1), 0);
}

} // namespace
