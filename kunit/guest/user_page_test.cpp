// SPDX-License-Identifier: GPL-2.0
/* struct perf_event_mmap_page. */
#include <cstddef>
#include <utility>

#include <gtest/gtest.h>

#include "support/process.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

class user_page : public testing::TestWithParam<side>
{
};

TEST_P(user_page, the_user_page_describes_the_data_area)
{
	for (size_t pages : {1, 2, 16, 128}) {
		unique_fd fd = must_open(GetParam(), clock_attr());
		mapping m(fd.get(), pages);
		volatile perf_event_mmap_page *page = m.page();
		EXPECT_EQ(page->version, 0u);
		EXPECT_EQ(page->compat_version, 0u);
		EXPECT_EQ(page->size, offsetof(perf_event_mmap_page, __reserved));
		EXPECT_EQ(page->data_offset, page_size());
		EXPECT_EQ(page->data_size, pages * page_size());
		EXPECT_EQ(page->data_head, 0u);
		EXPECT_EQ(page->data_tail, 0u);
		EXPECT_EQ(page->aux_head, 0u);
		EXPECT_EQ(page->aux_tail, 0u);
		EXPECT_EQ(page->aux_offset, 0u);
		EXPECT_EQ(page->aux_size, 0u);
	}
}

TEST_P(user_page, a_mapping_of_the_user_page_alone_has_no_data)
{
	unique_fd fd = must_open(GetParam(), clock_attr());
	mapping m(fd.get(), 0);
	EXPECT_EQ(m.page()->data_size, 0u);
	EXPECT_EQ(m.page()->data_offset, page_size());
}

TEST_P(user_page, the_user_page_has_the_positions_where_readers_look)
{
	EXPECT_EQ(offsetof(perf_event_mmap_page, data_head), 1024u);
	EXPECT_EQ(offsetof(perf_event_mmap_page, data_tail), 1032u);
	EXPECT_EQ(offsetof(perf_event_mmap_page, data_offset), 1040u);
	EXPECT_EQ(offsetof(perf_event_mmap_page, data_size), 1048u);
}

TEST_P(user_page, the_user_page_offers_no_counter_for_rdpmc)
{
	unique_fd fd = must_open(GetParam(), clock_attr());
	mapping m(fd.get(), 4);
	volatile perf_event_mmap_page *page = m.page();
	EXPECT_EQ(+page->cap_bit0, 0u);
	EXPECT_EQ(+page->cap_bit0_is_deprecated, 1u);
	/* perf takes this bit from a field that a timer lies over: it may be anything. */
	if (GetParam() == side::clock)
		EXPECT_EQ(+page->cap_user_rdpmc, 0u);
	EXPECT_EQ(page->index, 0u);
	EXPECT_EQ(page->lock % 2, 0u);
}

TEST_P(user_page, head_advances_by_whole_records_and_never_goes_back)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(), target::every_process(0), 8);
	enable(r.fd.get());
	uint64_t last = 0;
	unsigned steps = 0;
	EXPECT_TRUE(eventually([&] {
		const uint64_t head = r.buffer.head();
		EXPECT_GE(head, last);
		EXPECT_EQ(head % 8, 0u);
		steps += head > last;
		last = head;
		r.buffer.drain(r.records);
		return steps >= 30;
	}));
}

TEST_P(user_page, head_stands_still_while_disabled)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(), target::every_process(0), 64);
	r.sample_until(10);
	const uint64_t head = r.buffer.head();
	pause_for(std::chrono::milliseconds(50));
	EXPECT_EQ(r.buffer.head(), head);
}

TEST_P(user_page, times_are_those_of_read)
{
	perf_event_attr attr = clock_attr();
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr.disabled = 0;
	unique_fd fd = must_open(GetParam(), attr);
	ASSERT_TRUE(eventually([&] { return read_value(fd.get(), 1) > 1'000'000; }));
	const uint64_t before = read_value(fd.get(), 1);
	mapping m(fd.get(), 4);
	/* Those of the mapping, or of an update since: perf updates the page whenever the task is
	 * scheduled in. */
	const auto [enabled, running] =
		m.between_updates([](const volatile perf_event_mmap_page &page) {
			return std::pair<uint64_t, uint64_t>(page.time_enabled, page.time_running);
		});
	const uint64_t after = read_value(fd.get(), 1);
	EXPECT_GE(enabled, before);
	EXPECT_LE(enabled, after);
	EXPECT_GE(running, 1'000'000u);
	EXPECT_LE(running, enabled);
}

TEST_P(user_page, the_user_page_of_an_event_that_never_ran_has_no_times)
{
	unique_fd fd = must_open(GetParam(), clock_attr());
	mapping m(fd.get(), 4);
	EXPECT_EQ(m.page()->time_enabled, 0u);
	EXPECT_EQ(m.page()->time_running, 0u);
	EXPECT_EQ(m.page()->offset, 0);
}

/* perf knows whether the counter is the kernel's clock; tsc_clock.* where it is. */
TEST_P(user_page, the_user_page_offers_the_clock_where_perf_does)
{
	perf_event_attr attr = clock_attr();
	unique_fd perf = must_open(side::perf, attr), fd = must_open(GetParam(), attr);
	EXPECT_TRUE(eventually([&] {
		mapping theirs(perf.get(), 4), m(fd.get(), 4);
		return m.page()->cap_user_time == theirs.page()->cap_user_time &&
		       m.page()->cap_user_time_zero == theirs.page()->cap_user_time_zero &&
		       m.page()->time_mult == theirs.page()->time_mult &&
		       m.page()->time_shift == theirs.page()->time_shift &&
		       m.page()->time_zero == theirs.page()->time_zero &&
		       m.page()->cap_user_time_short == theirs.page()->cap_user_time_short &&
		       m.page()->time_cycles == theirs.page()->time_cycles &&
		       m.page()->time_mask == theirs.page()->time_mask;
	}));
}

TEST_P(user_page, each_ring_has_its_own_user_page)
{
	/* Another file does not see the writes of one file's reader. */
	unique_fd a = must_open(GetParam(), clock_attr()), b = must_open(GetParam(), clock_attr());
	mapping first(a.get(), 4), second(b.get(), 4);
	first.page()->data_tail = 4096;
	EXPECT_EQ(second.page()->data_tail, 0u);
}

INSTANTIATE_TEST_SUITE_P(on, user_page, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
