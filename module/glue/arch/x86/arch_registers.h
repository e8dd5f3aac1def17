/* SPDX-License-Identifier: GPL-2.0 */
/* The user registers of x86-64, by the bits of sample_regs_user. For C and C++. */
#ifndef PERFBUF_GLUE_ARCH_REGISTERS_H
#define PERFBUF_GLUE_ARCH_REGISTERS_H

#include <asm/perf_regs.h>

/* How many values a record holds at most. */
#define PB_ARCH_REGS_MAX PERF_REG_X86_64_MAX

/* Those that a record can hold. The segment registers are not to be had in 64-bit mode, as in perf.
 */
#define PB_ARCH_USER_REGS                                                                          \
	(((1ULL << PERF_REG_X86_64_MAX) - 1) &                                                     \
	 ~((1ULL << PERF_REG_X86_DS) | (1ULL << PERF_REG_X86_ES) | (1ULL << PERF_REG_X86_FS) |     \
	   (1ULL << PERF_REG_X86_GS)))

/* Those that perf has for some counters only. */
#define PB_ARCH_VECTOR_REGS (~((1ULL << PERF_REG_X86_XMM0) - 1))

#endif /* PERFBUF_GLUE_ARCH_REGISTERS_H */
