// SPDX-License-Identifier: GPL-2.0
/* Registration, files that open and close, and what each of them holds. */
#include "harness.hpp"

#include "device/scratch.hpp"

#include <optional>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_source : public producer_emission
{
};

TEST_F(producer_source, registering_publishes_events_and_unregistering_takes_them_back)
{
	testdev source;

	ASSERT_EQ(source.error, 0);
	EXPECT_TRUE(now.has_node);
	EXPECT_EQ(now.trace_ids, static_cast<int>(testdev::event_count));
	EXPECT_NE(fixed::object.cpus, nullptr);
	EXPECT_EQ(fixed::object.id + 1, varying::object.id);
	EXPECT_EQ(perfbuf_producer_register(&source.made, nullptr, PERFBUF_ABI), -EBUSY);
	source.unregister();
	EXPECT_FALSE(now.has_node);
	EXPECT_EQ(fixed::object.cpus, nullptr);
	EXPECT_EQ(fixed::object.registered, nullptr);
	source.unregister();
}

TEST_F(producer_source, a_registration_that_fails_late_leaves_nothing)
{
	now.node_error = EEXIST;
	testdev source;

	EXPECT_EQ(source.error, -EEXIST);
	EXPECT_EQ(source.made.registered, nullptr);
	EXPECT_EQ(fixed::object.cpus, nullptr);
	EXPECT_EQ(fixed::object.registered, nullptr);
	EXPECT_EQ(now.trace_ids, 0);
}

TEST_F(producer_source, start_comes_with_the_first_file_and_stop_after_the_last)
{
	testdev source;
	{
		reader attached(source, attr_of(fixed::object));

		EXPECT_EQ(source.starts, 1);
		EXPECT_EQ(fixed::object.listened[0], 1u);
		reader other(source, attr_of(varying::object));

		EXPECT_EQ(source.starts, 1);
		EXPECT_EQ(source.stops, 0);
		{
			reader third(source, attr_of(fixed::object));
		}
		EXPECT_EQ(source.stops, 0) << "two are left";
	}
	EXPECT_EQ(source.stops, 1);
	source.source().trim();
	EXPECT_EQ(fixed::object.listened[0], 0u);
	source.start_answer = -EIO;
	reader refused(source, attr_of(fixed::object));

	EXPECT_EQ(refused.error, EIO);
	EXPECT_EQ(source.stops, 1);
	EXPECT_EQ(fixed::object.listened[0], 0u);
	source.unregister();
	EXPECT_EQ(source.stops, 1) << "it had not started";
}

TEST_F(producer_source, start_and_stop_may_be_missing)
{
	testdev source;

	source.ops = {};
	{
		reader reader(source, attr_of(fixed::object));

		EXPECT_EQ(reader.error, 0);
	}
	reader open(source, attr_of(fixed::object));

	source.unregister();
	EXPECT_EQ(open.owner().state(), event_state::error);
}

/* A source that could not be registered is not there, and takes no number. */
TEST_F(producer_source, a_file_that_cannot_be_opened_leaves_nothing)
{
	now.event_readers_max = 2;
	testdev source;

	source.start_answer = -EIO;
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(reader(source, attr_of(fixed::object)).error, EIO);
	source.start_answer = 0;

	pb_task *const targets[] = {nullptr, task_of(0)};
	u32 failed = 0;

	for (pb_task *target : targets)
		for (u32 nth = 1;; nth++) {
			struct : wake_target {
				void wake() noexcept override {}
			} file;
			perf_event_attr attr = attr_of(fixed::object, PERF_SAMPLE_CALLCHAIN);
			event owner(attr, 0, target, file);

			ASSERT_LT(nth, 32u);
			ASSERT_TRUE(source.source().file_opened());
			pb_test_fail_allocation(nth);
			auto made = source.source().open(owner);

			pb_test_fail_allocation(0);
			const bool opened = static_cast<bool>(made);

			if (opened) {
				owner.set_stream(made.take());
				owner.shut_down();
				owner.producer().closed();
			} else {
				EXPECT_EQ(made.error().code(), ENOMEM);
				EXPECT_EQ(source.starts, source.stops);
				source.source().trim();
				EXPECT_EQ(fixed::object.listened[0], 0u);
				failed++;
			}
			source.source().file_closed();
			source.source().file_freed();
			settle();
			if (opened)
				break;
		}
	EXPECT_GT(failed, 5u);

	reader first(source, attr_of(fixed::object)), other(source, attr_of(fixed::object));

	EXPECT_EQ(first.error, 0);
	EXPECT_EQ(other.error, 0) << "all places are free";
}

TEST_F(producer_source, a_filter_takes_the_place_of_another_when_no_emission_has_it)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));
	static u32 waited;

	waited = 0;
	on_grace_period = [] { waited++; };
	ASSERT_EQ(reader.set_filter("number == 1"), 0);
	EXPECT_EQ(waited, 0u) << "there was none";
	ASSERT_EQ(reader.set_filter("number == 2"), 0);
	EXPECT_EQ(waited, 1u);
	EXPECT_EQ(reader.set_filter("number =="), EINVAL);
	EXPECT_EQ(waited, 1u);
	on_grace_period = nullptr;
	for (u64 i = 0; i < 4; i++)
		fixed::emit(0, i, 0);
	EXPECT_EQ(reader.records().size(), 1u);
}

TEST_F(producer_source, a_filter_that_is_checked_is_not_set)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));
	const auto check = [&](const char *text) {
		perfbuf_filter_check out = {
			.text = 0, .error = 77, .reason = 0, .at = 0, .bytes = 0};
		const auto checked = reader.owner().producer().check_filter(text, out);

		EXPECT_TRUE(checked) << text;
		return out;
	};

	EXPECT_EQ(check("number == 1").error, 0u);
	EXPECT_EQ(check("number ==").error, u32{EINVAL});
	EXPECT_EQ(check("number ==").reason, u32{PERFBUF_FILTER_WANTS_VALUE});
	EXPECT_EQ(check("nmber == 1").error, u32{ENOENT});
	fixed::emit(0, 2, 0);
	EXPECT_EQ(reader.records().size(), 1u);
	source.unregister();

	perfbuf_filter_check out = {};

	EXPECT_EQ(reader.owner().producer().check_filter("number == 1", out).error().code(),
		  ENODEV);
}

/* A user at the limit of its memory cgroup waits for memory as long as it likes. The allocation
 * itself fails under such a lock: host::check_charge(). */
TEST_F(producer_source, a_filter_is_allocated_before_the_lock_of_its_source_is_taken)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));
	perfbuf_filter_check out = {};
	static int allocations;

	allocations = 0;
	on_allocate = [] { allocations++; };
	EXPECT_EQ(reader.set_filter("number == 1"), 0);
	EXPECT_EQ(allocations, 1);
	EXPECT_TRUE(reader.owner().producer().check_filter("number == 2", out));
	EXPECT_EQ(allocations, 2);
	on_allocate = nullptr;
	fixed::emit(0, 2, 0);
	EXPECT_EQ(reader.records().size(), 0u);
	fixed::emit(0, 1, 0);
	EXPECT_EQ(reader.records().size(), 1u);
}

/* The table is allocated without a lock, so a second user may come meanwhile. */
TEST_F(producer_source, two_first_users_of_callchains_at_once_share_one_table)
{
	static bool second_came;

	second_came = false;
	on_allocate = [] {
		on_allocate = nullptr;
		second_came = static_cast<bool>(callchain_scratch.get());
	};
	ASSERT_TRUE(callchain_scratch.get());
	ASSERT_TRUE(second_came);
	callchain_scratch.put();
	{
		const decltype(callchain_scratch)::user here(callchain_scratch, 0);

		EXPECT_NE(here.words(), nullptr);
	}
	callchain_scratch.put();
}

TEST_F(producer_source, a_table_of_callchains_without_memory_leaves_nothing)
{
	for (u32 nth = 1;; nth++) {
		pb_test_fail_allocation(nth);

		const cxxrt::result<void> got = callchain_scratch.get();

		pb_test_fail_allocation(0);
		if (got) {
			callchain_scratch.put();
			EXPECT_EQ(nth, host::cpus + 2);
			break;
		}
		EXPECT_EQ(got.error().code(), ENOMEM);
	}
}

/* Each patch of the kernel's code interrupts every CPU. */
TEST_F(producer_source, opening_and_closing_again_and_again_patches_the_kernel_once)
{
	testdev source;
	const about_reader follows = {.target = task_of(1)};
	const auto open_and_close = [&] {
		reader reader(source, attr_of(fixed::object), -1, {.nr_pages = 4}, follows);

		EXPECT_EQ(reader.error, 0);
	};

	open_and_close();

	const int once = now.patches;

	for (int i = 0; i < 100; i++)
		open_and_close();
	EXPECT_EQ(now.patches, once);
	EXPECT_EQ(fixed::object.listened[0], 1u);
	EXPECT_GT(now.hooks, 0);
	EXPECT_TRUE(now.trims_later);

	/* The layouts that a file uses stay, and all others are freed. */
	{
		reader reader(source, attr_of(fixed::object), -1, {.nr_pages = 4}, follows);
		const int used = now.hooks;

		source.source().trim();
		perfbuf_trim_hooks();
		EXPECT_EQ(now.hooks, used);
		EXPECT_EQ(fixed::object.listened[0], 1u);
	}
	source.source().trim();
	perfbuf_trim_hooks();
	EXPECT_EQ(now.hooks, 0);
	EXPECT_EQ(fixed::object.listened[0], 0u);

	/* A source that goes leaves no branch of its module open. */
	open_and_close();
	EXPECT_EQ(fixed::object.listened[0], 1u);
	source.unregister();
	EXPECT_EQ(fixed::object.listened[0], 0u);
}

TEST_F(producer_source, unregistering_puts_open_files_in_error_and_stops_once)
{
	testdev source;
	reader reader(source, attr_of(fixed::object));

	source.unregister();
	EXPECT_EQ(reader.owner().state(), event_state::error);
	EXPECT_EQ(source.stops, 1);
	fixed::object.listened[0]++;
	fixed::emit(0, 1, 1);
	fixed::object.listened[0]--;
	EXPECT_EQ(reader.records().size(), 0u);
	EXPECT_EQ(reader.set_filter("number == 1"), ENODEV);
}

/* A bound for what one emission may cost with interrupts off. */
TEST_F(producer_source, a_reader_too_many_on_a_cpu_is_refused_with_ENOSPC)
{
	now.event_readers_max = 8;
	testdev source;
	std::vector<std::unique_ptr<reader>> all;
	const auto open = [&](s32 cpu, const perfbuf_event &of = fixed::object) {
		auto made = std::make_unique<reader>(source, attr_of(of), cpu);
		const int error = made->error;

		if (!error)
			all.push_back(std::move(made));
		return error;
	};

	for (int i = 0; i < 8; i++)
		EXPECT_EQ(open(0), 0);
	EXPECT_EQ(open(0), ENOSPC);
	EXPECT_EQ(open(1), 0) << "another CPU";
	EXPECT_EQ(open(0, varying::object), 0) << "another event";
	EXPECT_EQ(source.starts, 1);
	fixed::emit(0, 1, 1);
	EXPECT_EQ(all[7]->records().size(), 1u);

	/* A place is free as soon as a file is closed, not only when its memory goes. */
	all[3]->close();
	EXPECT_EQ(open(0), 0);
	EXPECT_EQ(open(0), ENOSPC);
	all.clear();
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(open(0), 0);
	EXPECT_EQ(open(0), ENOSPC);
}

TEST_F(producer_source, a_quarter_of_the_places_is_kept_for_those_who_may_trace)
{
	now.event_readers_max = 8;
	testdev source;
	std::vector<std::unique_ptr<reader>> all;

	now.may_trace = false;
	for (int i = 0; i < 6; i++) {
		all.push_back(std::make_unique<reader>(source, attr_of(fixed::object)));
		EXPECT_EQ(all.back()->error, 0);
	}
	EXPECT_EQ(reader(source, attr_of(fixed::object)).error, ENOSPC);
	now.may_trace = true;
	EXPECT_EQ(reader(source, attr_of(fixed::object)).error, 0);
}

TEST_F(producer_source, attaching_and_detaching_with_many_readers_waits_for_nobody)
{
	now.event_readers_max = 1000;
	testdev source;
	std::vector<std::unique_ptr<reader>> all;

	for (int i = 0; i < 500; i++)
		all.push_back(std::make_unique<reader>(source, attr_of(fixed::object)));
	/* From the middle, the oldest and the newest. */
	for (size_t at : {size_t{250}, size_t{0}, size_t{499}})
		all[at]->owner().disable();
	fixed::emit(0, 1, 1);
	u64 written = 0;

	for (auto &each : all)
		written += each->records().size();
	EXPECT_EQ(written, 497u);
	for (size_t at : {size_t{0}, size_t{499}, size_t{250}})
		ASSERT_TRUE(all[at]->owner().enable());
	fixed::emit(0, 2, 2);
	for (auto &each : all)
		EXPECT_EQ(each->records().size(), 1u);
}

} // namespace
