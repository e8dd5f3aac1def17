// SPDX-License-Identifier: GPL-2.0
/* PERF_EVENT_IOC_SET_OUTPUT: which file may write to which ring, and what its reader then sees. */
#include <algorithm>
#include <ctime>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

int redirect(const unique_fd &from, const unique_fd &to)
{
	return ioctl_error(from.get(), PERF_EVENT_IOC_SET_OUTPUT, to.get());
}

int redirect_nowhere(const unique_fd &from)
{
	return ioctl_error(from.get(), PERF_EVENT_IOC_SET_OUTPUT, ~0UL);
}

/* The cases of one call between two events. */
struct pair_row {
	const char *name;
	void (*change)(perf_event_attr &attr, target &observed); /* the event that is redirected */
	target to;
	answers perf;
};

void PrintTo(const pair_row &row, std::ostream *out)
{
	print_row(row, out);
}

class redirect_table : public testing::TestWithParam<pair_row>
{
};

TEST_P(redirect_table, each_redirection_answers_as_perf_does)
{
	const pair_row &row = GetParam();
	check_both({row.perf}, [&](side s) {
		unique_fd to = must_open(s, clock_attr(), row.to);
		mapping buffer(to.get(), 4);
		perf_event_attr attr = clock_attr();
		target observed = row.to;
		row.change(attr, observed);
		return redirect(must_open(s, attr, observed), to);
	});
}

const pair_row pairs[] = {
	{"same_cpu", [](auto &, target &) {}, {-1, 0}, {0}},
	{"same_thread", [](auto &, target &) {}, {0, -1}, {0}},
	{"same_thread_same_cpu", [](auto &, target &) {}, {0, 0}, {0}},
	{"other_cpu", [](auto &, target &t) { t.cpu = 1; }, {-1, 0}, {EINVAL}},
	{"other_thread", [](auto &, target &t) { t.pid = 1; }, {0, -1}, {EINVAL}},
	{"other_thread_same_cpu", [](auto &, target &t) { t.pid = 1; }, {0, 0}, {0}},
	{"thread_into_every_process_of_the_cpu",
	 [](auto &, target &t) { t.pid = 0; },
	 {-1, 0},
	 {0}},
	{"a_cpu_into_anywhere", [](auto &, target &t) { t.cpu = 0; }, {0, -1}, {EINVAL}},
	{"other_clock",
	 [](perf_event_attr &a, target &) {
		 a.use_clockid = 1;
		 a.clockid = CLOCK_MONOTONIC;
	 },
	 {-1, 0},
	 {EINVAL}},
	{"other_sample_type",
	 [](perf_event_attr &a, target &) { a.sample_type = 0; },
	 {-1, 0},
	 {0}},
	{"counting", [](perf_event_attr &a, target &) { a.sample_period = 0; }, {-1, 0}, {0}},
};

INSTANTIATE_TEST_SUITE_P(pairs, redirect_table, testing::ValuesIn(pairs),
			 row_name<testing::TestParamInfo<pair_row>>);

TEST(redirect, a_redirection_to_an_unmapped_event_is_einval)
{
	check_both({{EINVAL}}, [](side s) {
		unique_fd to = must_open(s, clock_attr()), from = must_open(s, clock_attr());
		return redirect(from, to);
	});
}

TEST(redirect, a_redirection_of_a_mapped_event_is_einval)
{
	check_both({{EINVAL}}, [](side s) {
		unique_fd to = must_open(s, clock_attr()), from = must_open(s, clock_attr());
		mapping first(to.get(), 4), second(from.get(), 4);
		EXPECT_EQ(redirect_nowhere(from), EINVAL);
		return redirect(from, to);
	});
}

TEST(redirect, a_redirection_to_an_event_that_was_unmapped_is_einval)
{
	check_both({{EINVAL}}, [](side s) {
		unique_fd to = must_open(s, clock_attr()), from = must_open(s, clock_attr());
		mapping(to.get(), 4).unmap();
		return redirect(from, to);
	});
}

TEST(redirect, a_redirection_can_be_repeated_and_ended)
{
	check_both({{0}}, [](side s) {
		unique_fd to = must_open(s, clock_attr()), from = must_open(s, clock_attr());
		mapping buffer(to.get(), 4);
		EXPECT_EQ(redirect_nowhere(from), 0);
		EXPECT_EQ(redirect(from, to), 0);
		EXPECT_EQ(redirect(from, to), 0);
		EXPECT_EQ(redirect_nowhere(from), 0);
		return redirect_nowhere(from);
	});
}

TEST(redirect, a_redirection_of_an_inherited_event_on_any_cpu_is_einval)
{
	check_both({{0}, {EINVAL}, "the children would write one ring from several CPUs"},
		   [](side s) {
			   unique_fd to = must_open(s, clock_attr());
			   mapping buffer(to.get(), 4);
			   perf_event_attr attr = clock_attr();
			   attr.inherit = 1;
			   return redirect(must_open(s, attr), to);
		   });
}

TEST(redirect, a_chain_of_redirections_ends_in_the_mapped_ring)
{
	check_both({{0}}, [](side s) {
		unique_fd a = must_open(s, clock_attr()), b = must_open(s, clock_attr()),
			  c = must_open(s, clock_attr());
		mapping buffer(a.get(), 4);
		EXPECT_EQ(redirect(b, a), 0);
		return redirect(c, b);
	});
}

TEST(redirect, a_mapped_file_cannot_be_redirected_to_a_file_that_writes_to_it)
{
	/* Mapped, so it may not be redirected, not even into what writes to it. */
	check_both({{EINVAL}}, [](side s) {
		unique_fd a = must_open(s, clock_attr()), b = must_open(s, clock_attr());
		mapping buffer(a.get(), 4);
		EXPECT_EQ(redirect(b, a), 0);
		return redirect(a, b);
	});
}

TEST(redirect, a_redirection_between_perf_and_perfbuf_is_ebadf)
{
	if (perf_only())
		GTEST_SKIP() << "there is no other side";
	unique_fd own = must_open(side::clock, clock_attr());
	unique_fd perf = must_open(side::perf, clock_attr());
	mapping first(own.get(), 4), second(perf.get(), 4);
	unique_fd own_free = must_open(side::clock, clock_attr());
	unique_fd perf_free = must_open(side::perf, clock_attr());
	EXPECT_EQ(redirect(own_free, perf), EBADF);
	EXPECT_EQ(redirect(perf_free, own), EBADF);
}

TEST(redirect, a_redirected_file_may_map_the_ring_of_its_target)
{
	/*
	 * The redirected event has the ring: a mapping of the same size shows the same pages. perf
	 * of newer kernels (7.2) refuses it, because both events then write one user page. In ours
	 * the ring writes it.
	 */
	check_both({{0, EBUSY}, {0}, "the ring writes the user page, not the event"}, [](side s) {
		unique_fd to = must_open(s, clock_attr()), from = must_open(s, clock_attr());
		mapping buffer(to.get(), 4);
		EXPECT_EQ(redirect(from, to), 0);
		EXPECT_EQ(map_error(from.get(), 3 * page_size()), EINVAL) << "of another size";
		void *base = mmap(nullptr, buffer.bytes(), PROT_READ | PROT_WRITE, MAP_SHARED,
				  from.get(), 0);
		if (base == MAP_FAILED)
			return errno;
		const auto *second = static_cast<const volatile perf_event_mmap_page *>(base);
		buffer.page()->data_tail = 40;
		EXPECT_EQ(second->data_tail, 40u);
		const size_t bytes = buffer.bytes();
		buffer.unmap();
		to.reset();
		EXPECT_EQ(second->data_tail, 40u);
		munmap(base, bytes);
		return 0;
	});
}

class redirected : public testing::TestWithParam<side>
{
};

TEST_P(redirected, samples_of_two_events_share_a_ring_and_are_distinguished_by_id)
{
	perf_event_attr attr = clock_attr(1'000'000, PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
							     PERF_SAMPLE_TID | PERF_SAMPLE_TIME);
	spinner busy(0);
	session both(GetParam(), attr, -1, 16, {0});
	unique_fd second = must_open(GetParam(), attr, target::every_process(0));
	ASSERT_EQ(redirect(second, both.events[0].fd), 0);
	const uint64_t ids[2] = {event_id(both.events[0].fd.get()), event_id(second.get())};
	ASSERT_NE(ids[0], ids[1]);
	both.enable();
	enable(second.get());
	EXPECT_TRUE(both.until([&](const std::vector<record> &) {
		size_t n[2] = {};
		for (const sample &sample : both.samples()) {
			EXPECT_TRUE(*sample.identifier == ids[0] || *sample.identifier == ids[1]);
			n[*sample.identifier == ids[1]]++;
		}
		return n[0] >= 20 && n[1] >= 20;
	}));
}

TEST_P(redirected, event_goes_on_when_the_first_file_is_closed)
{
	perf_event_attr attr = clock_attr(1'000'000, PERF_SAMPLE_IDENTIFIER);
	spinner busy(0);
	session first(GetParam(), attr, -1, 16, {0});
	unique_fd second = must_open(GetParam(), attr, target::every_process(0));
	ASSERT_EQ(redirect(second, first.events[0].fd), 0);
	const uint64_t id = event_id(second.get());
	first.events[0].fd.reset();
	enable(second.get());
	EXPECT_TRUE(first.until([&](const std::vector<record> &) {
		const std::vector<sample> all = first.samples();
		return std::count_if(all.begin(), all.end(), [&](const sample &sample) {
			       return *sample.identifier == id;
		       }) >= 20;
	}));
}

TEST_P(redirected, event_is_detached_by_the_last_unmap)
{
	unique_fd to = must_open(GetParam(), clock_attr(), target::every_process(0));
	unique_fd from = must_open(GetParam(), clock_attr(), target::every_process(0));
	mapping buffer(to.get(), 4);
	ASSERT_EQ(redirect(from, to), 0);
	enable(from.get());
	buffer.unmap();
	EXPECT_EQ(ioctl_error(from.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1), EINVAL);
	/* It is free to have one of its own. */
	ring own(from.get(), 8);
	EXPECT_TRUE(eventually([&] { return own.unread() > 0; }));
}

INSTANTIATE_TEST_SUITE_P(on, redirected, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
