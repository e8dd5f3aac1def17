// SPDX-License-Identifier: GPL-2.0
/* PERF_SAMPLE_REGS_USER and PERF_SAMPLE_STACK_USER. */
#include <algorithm>
#include <bit>

#include <gtest/gtest.h>

#include "support/registers.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

perf_event_attr with_user_state(uint64_t mask, uint32_t stack_bytes)
{
	perf_event_attr attr = clock_attr(1'000'000, PERF_SAMPLE_IP | PERF_SAMPLE_TID);
	if (mask) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER;
		attr.sample_regs_user = mask;
	}
	if (stack_bytes != UINT32_MAX) {
		attr.sample_type |= PERF_SAMPLE_STACK_USER;
		attr.sample_stack_user = stack_bytes;
	}
	return attr;
}

bool holds_sentinel(const sample &s)
{
	const auto *words = reinterpret_cast<const uint64_t *>(s.stack->data());
	unsigned run = 0;
	for (size_t i = 0; i < s.stack_dyn_size / 8; i++) {
		run = words[i] == sentinel ? run + 1 : 0;
		if (run == sentinel_words)
			return true;
	}
	return false;
}

class user_state : public testing::TestWithParam<side>
{
protected:
	std::vector<sample> of(const spinner &task, const perf_event_attr &attr, size_t n)
	{
		recorder r(GetParam(), attr, target::thread(task.tid()), 256);
		return r.sample_until(n);
	}
};

TEST_P(user_state, registers_are_those_of_the_loop)
{
	spinner busy(0);
	const perf_event_attr attr = with_user_state(every_register, UINT32_MAX);
	size_t looked_at = 0;
	for (const sample &s : of(busy, attr, 40)) {
		ASSERT_EQ(*s.regs_abi, uint64_t{PERF_SAMPLE_REGS_ABI_64});
		ASSERT_EQ(s.regs.size(), static_cast<size_t>(std::popcount(every_register)));
		const uint64_t ip = s.reg(every_register, reg_ip);
		const uint64_t sp = s.reg(every_register, reg_sp);
		EXPECT_TRUE(in_program(ip)) << std::hex << ip;
#ifdef __x86_64__
		EXPECT_EQ(s.reg(every_register, PERF_REG_X86_CS), 0x33u);
		EXPECT_EQ(s.reg(every_register, PERF_REG_X86_SS), 0x2bu);
#endif
		/* Within a page or two below what the thread started with. */
		EXPECT_LT(sp, busy.stack() + 4096);
		EXPECT_GT(sp, busy.stack() - 65536);
		if (s.user()) {
			EXPECT_EQ(ip, *s.ip);
			looked_at++;
		}
	}
	EXPECT_GT(looked_at, 0u);
}

TEST_P(user_state, registers_of_kernel_samples_are_where_it_left_user_code)
{
	spinner busy(0, work::kernel);
	perf_event_attr attr = with_user_state(ip_and_sp, UINT32_MAX);
	attr.exclude_user = 1;
	for (const sample &s : of(busy, attr, 30)) {
		ASSERT_EQ(*s.regs_abi, uint64_t{PERF_SAMPLE_REGS_ABI_64});
		EXPECT_FALSE(in_kernel(s.reg(ip_and_sp, reg_ip)));
		EXPECT_FALSE(in_kernel(s.reg(ip_and_sp, reg_sp)));
		EXPECT_TRUE(in_kernel(*s.ip));
	}
}

TEST_P(user_state, stack_has_what_the_callers_put_there)
{
	spinner busy(0);
	const perf_event_attr attr = with_user_state(ip_and_sp, 4096);
	size_t hits = 0, looked_at = 0;
	for (const sample &s : of(busy, attr, 40)) {
		EXPECT_GE(s.stack->size(), 512u);
		EXPECT_LE(s.stack->size(), 4096u);
		if (!s.user() || !in_leaf(*s.ip))
			continue;
		looked_at++;
		hits += holds_sentinel(s);
	}
	EXPECT_GT(looked_at, 0u);
	EXPECT_EQ(hits, looked_at);
}

TEST_P(user_state, stack_alone_is_the_same)
{
	spinner busy(0);
	const perf_event_attr attr = with_user_state(0, 4096);
	bool found = false;
	for (const sample &s : of(busy, attr, 20))
		found = found || holds_sentinel(s);
	EXPECT_TRUE(found);
}

TEST_P(user_state, stack_of_no_bytes_has_only_its_size)
{
	spinner busy(0);
	for (const sample &s : of(busy, with_user_state(0, 0), 20)) {
		EXPECT_TRUE(s.stack->empty());
		EXPECT_EQ(s.stack_dyn_size, 0u);
	}
}

TEST_P(user_state, the_greatest_stack_fits_into_a_record)
{
	/* header.size has 16 bits: it is clamped, and to the stack's own end. */
	spinner busy(0);
	recorder r(GetParam(), with_user_state(every_register, 65528), target::thread(busy.tid()),
		   512);
	for (const sample &s : r.sample_until(10)) {
		EXPECT_LE(s.stack->size(), 65528u);
		EXPECT_LE(s.stack_dyn_size, s.stack->size());
		EXPECT_GT(s.stack_dyn_size, 0u);
	}
}

TEST_P(user_state, samples_of_kernel_threads_have_no_user_registers)
{
	perf_event_attr attr = with_user_state(ip_and_sp, 1024);
	recorder r(GetParam(), attr, target::every_process(1), 256);
	std::vector<sample> idle;
	r.sample_until([&](const std::vector<sample> &all) {
		idle.clear();
		std::copy_if(all.begin(), all.end(), std::back_inserter(idle),
			     [](const sample &s) { return *s.tid == 0; });
		return idle.size() >= 10;
	});
	for (const sample &s : idle) {
		EXPECT_EQ(*s.regs_abi, uint64_t{PERF_SAMPLE_REGS_ABI_NONE});
		EXPECT_TRUE(s.regs.empty());
		EXPECT_TRUE(s.stack->empty());
		EXPECT_EQ(s.stack_dyn_size, 0u);
	}
}

INSTANTIATE_TEST_SUITE_P(on, user_state, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
