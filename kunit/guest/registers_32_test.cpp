// SPDX-License-Identifier: GPL-2.0
/* PERF_SAMPLE_REGS_USER of a 32-bit task on arm64: a program made here, of AArch32 instructions. */
#include <array>
#include <cstring>
#include <fstream>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/registers.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint32_t base = 0x10000;
constexpr unsigned registers = 13, link = 14;

constexpr uint32_t value_of(unsigned reg)
{
	return 0x40 + reg;
}

/* mov rN, #value, for r0 to r12 and r14; 1: b 1b */
std::array<uint32_t, registers + 2> code()
{
	std::array<uint32_t, registers + 2> words;
	for (unsigned reg = 0; reg < registers; reg++)
		words[reg] = 0xe3a00000 | reg << 12 | value_of(reg);
	words[registers] = 0xe3a00000 | link << 12 | value_of(link);
	words[registers + 1] = 0xeafffffe;
	return words;
}

/* One segment: the headers, and the code behind them. */
std::string make_program(const std::string &path)
{
	struct {
		Elf32_Ehdr header = {};
		Elf32_Phdr segment = {};
		std::array<uint32_t, registers + 2> text = code();
	} file;

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_ident[EI_VERSION] = EV_CURRENT;
	file.header.e_type = ET_EXEC;
	file.header.e_machine = EM_ARM;
	file.header.e_version = EV_CURRENT;
	file.header.e_flags = 0x05000000; /* EABI version 5 */
	file.header.e_entry = base + offsetof(decltype(file), text);
	file.header.e_phoff = sizeof(file.header);
	file.header.e_ehsize = sizeof(file.header);
	file.header.e_phentsize = sizeof(file.segment);
	file.header.e_phnum = 1;
	file.segment.p_type = PT_LOAD;
	file.segment.p_flags = PF_R | PF_X;
	file.segment.p_vaddr = file.segment.p_paddr = base;
	file.segment.p_filesz = file.segment.p_memsz = sizeof(file);
	file.segment.p_align = static_cast<Elf32_Word>(sysconf(_SC_PAGESIZE));

	std::ofstream out(path, std::ios::binary);
	out.write(reinterpret_cast<const char *>(&file), sizeof(file));
	out.close();
	if (!out || chmod(path.c_str(), 0755))
		throw std::runtime_error("cannot write " + path);
	return path;
}

class user_state_32 : public testing::TestWithParam<side>
{
};

TEST_P(user_state_32, registers_of_an_aarch32_task_are_those_of_its_loop)
{
	const std::string program = make_program(scratch() + "/loop_32");
	gate go;
	child process([&] {
		go.wait();
		execl(program.c_str(), "loop_32", nullptr);
		return 1;
	});
	perf_event_attr attr = clock_attr(1'000'000, PERF_SAMPLE_IP | PERF_SAMPLE_TID);
	attr.sample_type |= PERF_SAMPLE_REGS_USER;
	attr.sample_regs_user = every_register;
	recorder r(GetParam(), attr, target::thread(process.pid()), 64);
	go.open();

	const uint32_t loop = base + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 4 * (registers + 1);
	std::vector<sample> in_the_loop;
	r.sample_until([&](const std::vector<sample> &all) {
		in_the_loop.clear();
		for (const sample &s : all)
			if (s.user() && *s.ip == loop)
				in_the_loop.push_back(s);
		return in_the_loop.size() >= 10;
	});
	for (const sample &s : in_the_loop) {
		ASSERT_EQ(*s.regs_abi, uint64_t{PERF_SAMPLE_REGS_ABI_32});
		for (unsigned reg = 0; reg < registers; reg++)
			EXPECT_EQ(s.reg(every_register, reg), value_of(reg)) << "r" << reg;
		EXPECT_EQ(s.reg(every_register, link), value_of(link));
		EXPECT_EQ(s.reg(every_register, PERF_REG_ARM64_LR), value_of(link));
		EXPECT_EQ(s.reg(every_register, PERF_REG_ARM64_PC), loop);
		EXPECT_EQ(s.reg(every_register, 15), loop);
		/* The kernel puts the stack below 4 GiB. */
		EXPECT_EQ(s.reg(every_register, PERF_REG_ARM64_SP), s.reg(every_register, 13));
		EXPECT_LT(s.reg(every_register, PERF_REG_ARM64_SP), uint64_t{1} << 32);
		EXPECT_GT(s.reg(every_register, PERF_REG_ARM64_SP), base);
	}
}

INSTANTIATE_TEST_SUITE_P(on, user_state_32, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
