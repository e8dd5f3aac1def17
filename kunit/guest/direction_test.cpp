// SPDX-License-Identifier: GPL-2.0
/* Both directions and both modes, each with each, on both sides. */
#include <tuple>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "support/parameter.hpp"
#include "support/process.hpp"
#include "support/session.hpp"
#include "support/user.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

perf_event_attr backward_attr()
{
	perf_event_attr attr = clock_attr(100'000);
	attr.write_backward = 1;
	attr.read_format = PERF_FORMAT_LOST;
	return attr;
}

/* The records of a paused backward ring, newest first: from data_head up, round the end. */
std::vector<record> from_the_head(const mapping &m)
{
	const uint64_t size = m.data_bytes();
	const uint64_t head = __atomic_load_n(&m.page()->data_head, __ATOMIC_ACQUIRE);
	const auto byte = [&](uint64_t position) { return m.data()[position % size]; };
	std::vector<record> found;
	for (uint64_t at = 0; at + sizeof(perf_event_header) <= size;) {
		record record;
		uint8_t header[sizeof(record.header)];
		for (size_t i = 0; i < sizeof(header); i++)
			header[i] = byte(head + at + i);
		memcpy(&record.header, header, sizeof(header));
		/* Never written, or the old record that the newest has cut. */
		if (!record.header.size || at + record.header.size > size)
			break;
		for (size_t i = sizeof(header); i < record.header.size; i++)
			record.body.push_back(byte(head + at + i));
		at += record.header.size;
		found.push_back(std::move(record));
	}
	return found;
}

class direction : public testing::TestWithParam<side>
{
};

TEST_P(direction, backward_overwrite_has_the_newest_at_the_head)
{
	spinner busy(0);
	const perf_event_attr attr = backward_attr();
	unique_fd fd = must_open(GetParam(), attr, target::every_process(0));
	mapping m(fd.get(), 2, PROT_READ);
	enable(fd.get());
	/* Three times round, downwards. */
	ASSERT_TRUE(eventually([&] {
		return 0 - __atomic_load_n(&m.page()->data_head, __ATOMIC_ACQUIRE) >
		       3 * m.data_bytes();
	}));
	control(fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	disable(fd.get());

	const std::vector<record> found = from_the_head(m);
	ASSERT_GT(found.size(), 20u);
	uint64_t newer = ~0ull;
	for (const record &record : found) {
		ASSERT_EQ(record.header.type, static_cast<uint32_t>(PERF_RECORD_SAMPLE));
		const sample s = parse_sample(record, attr);
		EXPECT_LE(*s.time, newer);
		newer = *s.time;
	}
}

TEST_P(direction, backward_discard_stops_when_full_and_goes_on_when_read)
{
	spinner busy(0);
	const perf_event_attr attr = backward_attr();
	unique_fd fd = must_open(GetParam(), attr, target::every_process(0));
	mapping m(fd.get(), 1);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_value(fd.get(), 1) > 5; }));
	const uint64_t head = __atomic_load_n(&m.page()->data_head, __ATOMIC_ACQUIRE);
	EXPECT_LT(0 - head, m.data_bytes());
	EXPECT_GT(0 - head, m.data_bytes() - 200);
	for (const record &record : from_the_head(m))
		parse_sample(record, attr);

	__atomic_store_n(&m.page()->data_tail, head, __ATOMIC_RELEASE);
	EXPECT_TRUE(eventually(
		[&] { return __atomic_load_n(&m.page()->data_head, __ATOMIC_ACQUIRE) != head; }));
}

TEST_P(direction, forward_overwrite_never_loses_and_never_stops)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(100'000);
	attr.read_format = PERF_FORMAT_LOST;
	unique_fd fd = must_open(GetParam(), attr, target::every_process(0));
	mapping m(fd.get(), 1, PROT_READ);
	enable(fd.get());
	EXPECT_TRUE(eventually([&] {
		return __atomic_load_n(&m.page()->data_head, __ATOMIC_ACQUIRE) > 4 * m.data_bytes();
	}));
	disable(fd.get());
	EXPECT_EQ(read_value(fd.get(), 1), 0u);
}

TEST_P(direction, two_files_on_one_ring_must_have_the_same_direction)
{
	unique_fd forward = must_open(GetParam(), clock_attr(), target::every_process(0));
	unique_fd backward = must_open(GetParam(), backward_attr(), target::every_process(0));
	mapping m(forward.get(), 4);
	EXPECT_EQ(ioctl_error(backward.get(), PERF_EVENT_IOC_SET_OUTPUT,
			      static_cast<unsigned long>(forward.get())),
		  EINVAL);
}

INSTANTIATE_TEST_SUITE_P(on, direction, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* Memory of rings: the account that is charged, and the limits. */
class charge : public testing::TestWithParam<side>
{
};

/*
 * As a user of its own, whose share of free memory is unused: the share is one counter for
 * perf and for us, and perf of 7.3.4 does not give it back when an event is mapped twice (it then
 * charges its own next ring whole, and ours).
 */
TEST_P(charge, pages_beyond_the_free_part_are_pinned_memory_and_are_credited)
{
	unique_fd fd = must_open(GetParam(), clock_attr());
	const auto in_words = [](int code) {
		const char *const words[] = {
			"as it should be", "nothing is pinned", "nothing is free",
			"the second mapping is charged, too", "it is not given back"};
		return code < 5 ? words[code] : "an exception";
	};
	const int code = run_in_child([&] {
				 const rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
				 setrlimit(RLIMIT_MEMLOCK, &all);
				 become_user(GetParam() == side::perf ? 48'001 : 48'002);
				 const long before = status_value("VmPin");
				 {
					 mapping m(fd.get(), 1024);
					 const long mapped = status_value("VmPin");
					 if (mapped <= before)
						 return 1;
					 /* 4 MiB less what the limit gives for each processor. */
					 if (mapped >= before + 4096)
						 return 2;
					 mapping second(fd.get(), 1024);
					 if (status_value("VmPin") != mapped)
						 return 3;
				 }
				 return status_value("VmPin") == before ? 0 : 4;
			 }).code;
	EXPECT_EQ(code, 0) << in_words(code);
}

/*
 * The free part of a user, after the user's process has mapped a file twice and unmapped it. perf
 * since 7.2 charges each mapping of an event and credits one: the next ring of 1024 pages is pinned
 * whole, 4,104 KiB with two pages more. Ours is credited as it was charged, on every release.
 */
TEST_P(charge, mapping_a_file_twice_leaves_the_free_part_of_its_user_as_it_was)
{
	unique_fd fd = must_open(GetParam(), clock_attr());
	const int code = run_in_child([&] {
				 const rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
				 setrlimit(RLIMIT_MEMLOCK, &all);
				 become_user(GetParam() == side::perf ? 48'003 : 48'004);
				 const auto pinned = [&] {
					 const long before = status_value("VmPin");
					 mapping m(fd.get(), 1024);
					 return status_value("VmPin") - before;
				 };
				 const long first = pinned();
				 {
					 mapping m(fd.get(), 1024), again(fd.get(), 1024);
				 }
				 if (first <= 0 || first >= 4096)
					 return 1;
				 return pinned() == first ? 0 : 2;
			 }).code;
	RecordProperty("code", code);
	if (GetParam() == side::perf && code == 2)
		return;
	EXPECT_EQ(code, 0) << (code == 1 ? "nothing is free, or all" : "it is not given back");
}

TEST(charge_of_a_ring, the_charge_of_a_ring_is_its_data_and_two_pages)
{
	parameter nothing_is_free("mlock_kb", "0");
	const long before = status_value("VmPin");
	unique_fd fd = must_open(side::clock, clock_attr());
	for (size_t pages : {0, 1, 8}) {
		mapping m(fd.get(), pages);
		EXPECT_EQ(status_value("VmPin") - before,
			  static_cast<long>((pages + 2) * page_size() / 1024))
			<< "the user page, the statistics, and " << pages;
	}
	EXPECT_EQ(status_value("VmPin"), before);
}

INSTANTIATE_TEST_SUITE_P(on, charge, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

TEST(limit, a_ring_of_more_pages_than_ring_pages_max_is_enomem)
{
	parameter pages("ring_pages_max", "8");
	unique_fd fd = must_open(side::clock, clock_attr());
	EXPECT_EQ(map_error(fd.get(), 17 * page_size()), ENOMEM);
	EXPECT_EQ(map_error(fd.get(), 9 * page_size()), 0);
}

TEST(limit, a_limit_of_the_largest_number_refuses_nothing)
{
	parameter pages("ring_pages_max", std::to_string(~0ul));
	parameter all("total_pages_max", std::to_string(~0ul));
	parameter free("mlock_kb", std::to_string(~0ul));
	unique_fd fd = must_open(side::clock, clock_attr());
	EXPECT_EQ(map_error(fd.get(), 17 * page_size()), 0);
}

TEST(limit, rings_beyond_total_pages_max_are_enomem_until_others_are_freed)
{
	parameter pages("total_pages_max", "20"); /* two beside each ring's data */
	unique_fd first = must_open(side::clock, clock_attr());
	unique_fd second = must_open(side::clock, clock_attr());
	{
		mapping m(first.get(), 8);
		EXPECT_EQ(map_error(second.get(), 17 * page_size()), ENOMEM);
		EXPECT_EQ(map_error(second.get(), 9 * page_size()), 0);
	}
	EXPECT_EQ(map_error(second.get(), 17 * page_size()), 0);
}

} /* namespace */
