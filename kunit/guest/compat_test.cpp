// SPDX-License-Identifier: GPL-2.0
/* Samples of 32-bit code: registers, and frames of four bytes. */
#include <algorithm>
#include <cstring>

#include <asm/perf_regs.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "support/session.hpp"

using namespace device_test;

namespace
{

constexpr uint32_t first_return = 0x11111110;
constexpr uint32_t second_return = 0x22222220;
constexpr uint64_t low = 0x10000000;
constexpr uint64_t stack_top = low + 0x800;
constexpr uint64_t wanted_regs = 1 << PERF_REG_X86_BP | 1 << PERF_REG_X86_SP | 1 << PERF_REG_X86_IP;

struct frame {
	uint32_t next;
	uint32_t return_address;
};

/*
 * Jumps into the 32-bit code segment, which every x86-64 kernel has: no
 * 32-bit program is needed. The code sets its frame pointer and stays.
 */
int run_32_bit_code()
{
	void *page =
		mmap(reinterpret_cast<void *>(low), page_size(), PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		return 2;
	const frame frames[] = {{low + 0x108, first_return}, {0, second_return}};
	memcpy(static_cast<char *>(page) + 0x100, frames, sizeof(frames));
	const uint8_t code[] = {0xbd, 0x00, 0x01, 0x00, 0x10, /* mov $0x10000100, %ebp */
				0xeb, 0xfe};		      /* jmp . */
	memcpy(page, code, sizeof(code));
	/* The 32-bit code segment of user space, which is part of the system call ABI. */
	static const struct __attribute__((packed)) {
		uint32_t offset;
		uint16_t selector;
	} far_pointer = {low, 0x23};
	asm volatile("mov %0, %%rsp\n\t"
		     "ljmpl *(%1)"
		     :
		     : "r"(stack_top), "r"(&far_pointer)
		     : "memory");
	return 3;
}

class compat : public testing::TestWithParam<side>
{
};

TEST_P(compat, code_of_32_bits_is_sampled_as_such)
{
	perf_event_attr attr = clock_attr();
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	attr.sample_regs_user = wanted_regs;
	attr.sample_stack_user = 64;
	attr.exclude_kernel = 1;
	child process(run_32_bit_code);
	recorder r(GetParam(), attr, target::thread(process.pid()));
	const auto in_loop = [](const sample &s) { return *s.ip == low + 5; };
	const std::vector<sample> samples = r.sample_until([&](const std::vector<sample> &all) {
		return std::count_if(all.begin(), all.end(), in_loop) >= 5;
	});

	size_t seen = 0;
	for (const sample &sample : samples) {
		if (!in_loop(sample))
			continue;
		seen++;
		EXPECT_TRUE(sample.user());
		EXPECT_EQ(*sample.regs_abi, static_cast<uint64_t>(PERF_SAMPLE_REGS_ABI_32));
		EXPECT_EQ(sample.reg(wanted_regs, PERF_REG_X86_IP), low + 5);
		EXPECT_EQ(sample.reg(wanted_regs, PERF_REG_X86_SP), stack_top);
		EXPECT_EQ(sample.reg(wanted_regs, PERF_REG_X86_BP), low + 0x100);
		const std::vector<uint64_t> chain = {PERF_CONTEXT_USER, low + 5, first_return,
						     second_return};
		EXPECT_EQ(*sample.callchain, chain);
		EXPECT_EQ(sample.stack_dyn_size, 64u);
	}
	EXPECT_GE(seen, 5u);
}

INSTANTIATE_TEST_SUITE_P(on, compat, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
