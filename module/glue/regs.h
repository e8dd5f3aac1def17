/* SPDX-License-Identifier: GPL-2.0 */
/* Registers and stacks of the kernel and of user space, as an interrupt or NMI found them. */
#ifndef PERFBUF_GLUE_REGS_H
#define PERFBUF_GLUE_REGS_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pt_regs pb_regs;

/* The mode that was interrupted. */
enum pb_mode {
	PB_MODE_USER = 1,
	PB_MODE_KERNEL = 2,
	PB_MODE_IDLE = 4, /* the idle task; with PB_MODE_KERNEL */
};

/* The user side of the current task, as it is or as it was when the task entered the kernel. */
struct pb_user_state {
	const pb_regs *regs; /* NULL: it has none */
	__u64 abi;	     /* PERF_SAMPLE_REGS_ABI_* */
	__u64 sp;
	__u64 stack_space; /* from sp to the end of user space; 0: no memory to read */
	int has_memory;
};

/*
 * The user side of the current task. @interrupted: the registers that the interrupt or NMI found.
 * Kernel threads and workers of io_uring have no user state; an NMI that interrupts the entry code
 * finds none either, because that code changes these registers. Valid until the interrupt returns.
 * Any context.
 */
void pb_user_state_get(const pb_regs *interrupted, struct pb_user_state *out) PB_NOEXCEPT;

/* Those of @mask (1 << PERF_REG_*), lowest first. Returns their number. Any context. */
__u32 pb_regs_values(const pb_regs *regs, __u64 mask, __u64 *out) PB_NOEXCEPT;

/*
 * Return addresses, innermost first, @interrupted's own first; @max at most. Returns their number.
 * Kernel: @interrupted was in the kernel. User: follows frame pointers, without a fault.
 * Any context, the current task's.
 */
__u32 pb_unwind_kernel(const pb_regs *interrupted, __u64 *out, __u32 max) PB_NOEXCEPT;
__u32 pb_unwind_user(const struct pb_user_state *user, __u64 *out, __u32 max) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_REGS_H */
