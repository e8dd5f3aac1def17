// SPDX-License-Identifier: GPL-2.0
/* PERF_SAMPLE_CALLCHAIN: marks, order, depth. */
#include <algorithm>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

using chain = std::vector<uint64_t>;

bool is_mark(uint64_t ip)
{
	return ip >= static_cast<uint64_t>(PERF_CONTEXT_MAX);
}

/* The entries behind @mark, up to the next mark; empty when there is none. */
chain part(const chain &all, int64_t mark)
{
	auto at = std::find(all.begin(), all.end(), static_cast<uint64_t>(mark));
	if (at == all.end())
		return {};
	return {at + 1, std::find_if(at + 1, all.end(), is_mark)};
}

perf_event_attr chained(uint16_t depth = 0)
{
	perf_event_attr attr =
		clock_attr(1'000'000, PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN);
	attr.sample_max_stack = depth;
	return attr;
}

class callchain : public testing::TestWithParam<side>
{
protected:
	/* At least @n samples of a thread that is in its user loop. */
	std::vector<sample> of_the_loop(const perf_event_attr &attr, size_t n)
	{
		spinner busy(0);
		recorder r(GetParam(), attr, target::thread(busy.tid()));
		std::vector<sample> hits;
		r.sample_until([&](const std::vector<sample> &all) {
			hits.clear();
			for (const sample &s : all) {
				if (s.user() && in_leaf(*s.ip))
					hits.push_back(s);
			}
			return hits.size() >= n;
		});
		return hits;
	}

	std::vector<sample> of_the_kernel(perf_event_attr attr, size_t n)
	{
		spinner busy(0, work::kernel);
		attr.exclude_user = 1;
		recorder r(GetParam(), attr, target::thread(busy.tid()));
		return r.sample_until(n);
	}
};

TEST_P(callchain, a_chain_of_user_code_names_its_callers_in_order)
{
	for (const sample &s : of_the_loop(chained(), 30)) {
		const chain &all = *s.callchain;
		ASSERT_GE(all.size(), 4u);
		EXPECT_EQ(all[0], static_cast<uint64_t>(PERF_CONTEXT_USER));
		EXPECT_EQ(all[1], *s.ip);
		EXPECT_TRUE(in_leaf(all[1])) << std::hex << all[1];
		/* On the first instructions of the leaf its frame is not there yet. */
		if (in_middle(all[2]))
			EXPECT_TRUE(in_outer(all[3])) << std::hex << all[3];
		else
			EXPECT_TRUE(in_outer(all[2])) << std::hex << all[2];
		EXPECT_EQ(std::count_if(all.begin(), all.end(), is_mark), 1);
	}
}

TEST_P(callchain, a_chain_of_kernel_code_has_the_kernel_part_before_the_user_part)
{
	size_t deep = 0;
	for (const sample &s : of_the_kernel(chained(), 50)) {
		const chain &all = *s.callchain;
		ASSERT_GE(all.size(), 2u);
		EXPECT_EQ(all[0], static_cast<uint64_t>(PERF_CONTEXT_KERNEL));
		EXPECT_EQ(all[1], *s.ip);
		const chain kernel = part(all, PERF_CONTEXT_KERNEL);
		for (uint64_t ip : kernel)
			EXPECT_TRUE(in_kernel(ip)) << std::hex << ip;
		deep += kernel.size() >= 3;
		for (uint64_t ip : part(all, PERF_CONTEXT_USER))
			EXPECT_FALSE(in_kernel(ip)) << std::hex << ip;
		EXPECT_FALSE(part(all, PERF_CONTEXT_USER).empty()) << "it came from user code";
	}
	EXPECT_GT(deep, 25u) << "a system call is several functions deep";
}

TEST_P(callchain, exclude_callchain_kernel_leaves_out_the_kernel_part)
{
	perf_event_attr attr = chained();
	attr.exclude_callchain_kernel = 1;
	for (const sample &s : of_the_kernel(attr, 30)) {
		EXPECT_TRUE(part(*s.callchain, PERF_CONTEXT_KERNEL).empty());
		ASSERT_FALSE(s.callchain->empty());
		EXPECT_EQ((*s.callchain)[0], static_cast<uint64_t>(PERF_CONTEXT_USER));
	}
}

TEST_P(callchain, exclude_callchain_user_leaves_out_the_user_part)
{
	perf_event_attr attr = chained();
	attr.exclude_callchain_user = 1;
	for (const sample &s : of_the_kernel(attr, 30)) {
		EXPECT_TRUE(part(*s.callchain, PERF_CONTEXT_USER).empty());
		EXPECT_FALSE(part(*s.callchain, PERF_CONTEXT_KERNEL).empty());
	}
	for (const sample &s : of_the_loop(attr, 30))
		EXPECT_TRUE(s.callchain->empty());
}

TEST_P(callchain, a_chain_is_cut_at_the_depth_of_the_attribute)
{
	for (uint16_t depth : {1, 2, 3}) {
		for (const sample &s : of_the_loop(chained(depth), 20)) {
			const chain user = part(*s.callchain, PERF_CONTEXT_USER);
			EXPECT_LE(user.size(), depth);
			ASSERT_FALSE(user.empty());
			EXPECT_EQ(user[0], *s.ip);
		}
	}
}

TEST_P(callchain, the_kernel_and_the_user_part_share_the_depth)
{
	for (const sample &s : of_the_kernel(chained(4), 30)) {
		const auto addresses = std::count_if(s.callchain->begin(), s.callchain->end(),
						     [](uint64_t ip) { return !is_mark(ip); });
		EXPECT_LE(addresses, 4);
	}
}

TEST_P(callchain, a_chain_of_the_idle_task_has_no_user_part)
{
	perf_event_attr attr = chained();
	recorder r(GetParam(), attr, target::every_process(1));
	std::vector<sample> idle;
	r.sample_until([&](const std::vector<sample> &all) {
		idle.clear();
		std::copy_if(all.begin(), all.end(), std::back_inserter(idle),
			     [](const sample &s) { return *s.tid == 0; });
		return idle.size() >= 10;
	});
	for (const sample &s : idle) {
		EXPECT_TRUE(part(*s.callchain, PERF_CONTEXT_USER).empty());
		EXPECT_FALSE(part(*s.callchain, PERF_CONTEXT_KERNEL).empty());
	}
}

INSTANTIATE_TEST_SUITE_P(on, callchain, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
