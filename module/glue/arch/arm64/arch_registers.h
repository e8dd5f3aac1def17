/* SPDX-License-Identifier: GPL-2.0 */
/* The user registers of arm64, by the bits of sample_regs_user. For C and C++. */
#ifndef PERFBUF_GLUE_ARCH_REGISTERS_H
#define PERFBUF_GLUE_ARCH_REGISTERS_H

#include <asm/perf_regs.h>

/* How many values a record holds at most. */
#define PB_ARCH_REGS_MAX PERF_REG_ARM64_MAX

/* Those that a record can hold: x0 to x29, lr, sp, pc. */
#define PB_ARCH_USER_REGS ((1ULL << PERF_REG_ARM64_MAX) - 1)

/* Those that perf has on some CPUs only: VG, the length of SVE's vectors. */
#define PB_ARCH_VECTOR_REGS (1ULL << 46)

#endif /* PERFBUF_GLUE_ARCH_REGISTERS_H */
