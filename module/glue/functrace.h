/* SPDX-License-Identifier: GPL-2.0 */
/* Function entries, as ftrace tells of them. */
#ifndef PERFBUF_GLUE_FUNCTRACE_H
#define PERFBUF_GLUE_FUNCTRACE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Modules that one set may name. */
#define PB_FUNCTION_MODULES_MAX 16

/*
 * A set of functions, of which something is kept on each CPU: @cpu_bytes, zeroed, the first word of
 * which is NULL while nobody listens there. All functions, until some are added. NULL: no memory.
 * Process context, may sleep; so all of the below but for pb_functions_at().
 */
void *pb_functions_create(unsigned long cpu_bytes) PB_NOEXCEPT;
/* It was never attached, or has been detached. */
void pb_functions_destroy(void *functions) PB_NOEXCEPT;
/* What is kept on @cpu. Any context. */
void *pb_functions_at(void *functions, __u32 cpu) PB_NOEXCEPT;

/*
 * Before it is attached: only what is added, and never what is removed. @glob: of the function's
 * name. -ENOENT: there is none; -ENOMEM.
 */
int pb_functions_add(void *functions, const char *glob) PB_NOEXCEPT;
int pb_functions_remove(void *functions, const char *glob) PB_NOEXCEPT;
/*
 * Of module @name those that @glob matches. The module stays while the set does. -ENOENT: no such
 * module is loaded, or it has no such function; -E2BIG: too many modules.
 */
int pb_functions_add_module(void *functions, const char *name, const char *glob) PB_NOEXCEPT;

/*
 * Between them each entry of one of the functions comes to C++; on return from detach none is
 * inside. -EOPNOTSUPP: the kernel does not trace functions; -ENODEV: it has given it up; -ENOMEM.
 */
int pb_functions_attach(void *functions) PB_NOEXCEPT;
void pb_functions_detach(void *functions) PB_NOEXCEPT;

/* RCU watches this CPU. Interrupts off, not nested in an NMI that RCU does not know of. */
bool pb_functions_rcu_watches(void) PB_NOEXCEPT;

/* The current task: tid, and pid << 32; its name, of PB_TASK_COMM_LEN bytes. Any context. */
__u64 pb_functions_caller(const char **comm) PB_NOEXCEPT;

/*
 * C++: the function at @address has been entered. @first: the first word of pb_functions_at() of
 * this CPU, not NULL. @now: ns of local_clock(). @ids and @comm: pb_functions_caller(). Any
 * context, NMI included; interrupts off; RCU may not watch. Functions that it calls do not come
 * here.
 */
void perfbuf_function_entered(void *first, __u64 address, __u64 now, __u64 ids,
			      const char *comm) PB_NOEXCEPT;
/* A function was entered that the other one has called, or an NMI that interrupted it. */
void perfbuf_function_missed(void *first) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_FUNCTRACE_H */
