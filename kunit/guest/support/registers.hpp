/* SPDX-License-Identifier: GPL-2.0 */
/* The user registers of the architecture that the tests run on, by the bits of sample_regs_user. */
#pragma once

#include <cstdint>

#include <asm/perf_regs.h>

namespace device_test
{

#if defined(__x86_64__)
constexpr unsigned reg_ip = PERF_REG_X86_IP;
constexpr unsigned reg_sp = PERF_REG_X86_SP;
constexpr unsigned reg_last = PERF_REG_X86_R15;
constexpr unsigned reg_behind_the_last = PERF_REG_X86_64_MAX;
/* perf has it for some counters. */
constexpr unsigned reg_vector = PERF_REG_X86_XMM0;
/* All but the segment registers that 64-bit mode has not. */
constexpr uint64_t every_register = (0xffULL << PERF_REG_X86_R8) | (1 << PERF_REG_X86_SS) |
				    (1 << PERF_REG_X86_CS) | (1 << PERF_REG_X86_FLAGS) | 0x1ff;
#elif defined(__aarch64__)
constexpr unsigned reg_ip = PERF_REG_ARM64_PC;
constexpr unsigned reg_sp = PERF_REG_ARM64_SP;
constexpr unsigned reg_last = PERF_REG_ARM64_PC;
constexpr unsigned reg_behind_the_last = PERF_REG_ARM64_MAX;
/* The length of SVE's vectors, which some CPUs have. */
constexpr unsigned reg_vector = 46;
constexpr uint64_t every_register = (1ULL << PERF_REG_ARM64_MAX) - 1;
#endif

constexpr uint64_t ip_and_sp = 1ULL << reg_ip | 1ULL << reg_sp;

} // namespace device_test
