/* SPDX-License-Identifier: GPL-2.0 */
/* Function entries, as ftrace reports them. */
#ifndef PERFBUF_GLUE_FUNCTRACE_H
#define PERFBUF_GLUE_FUNCTRACE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A set of functions with @cpu_bytes of zeroed state on each CPU; the first word of that is NULL
 * while no file traces there. The set has all functions until some are added. NULL: no memory.
 * Process context, may sleep; so do all functions below but pb_functions_at().
 */
void *pb_functions_create(unsigned long cpu_bytes) PB_NOEXCEPT;
/* The set was never attached, or has been detached. */
void pb_functions_destroy(void *functions) PB_NOEXCEPT;
/* The state of the set on @cpu. Any context. */
void *pb_functions_at(void *functions, __u32 cpu) PB_NOEXCEPT;

/*
 * Before the set is attached: it has only the functions that are added, without those that are
 * removed. @glob: a pattern of function names. -ENOENT: no function matches; -ENOMEM.
 */
int pb_functions_add(void *functions, const char *glob) PB_NOEXCEPT;
int pb_functions_remove(void *functions, const char *glob) PB_NOEXCEPT;
/* Likewise, the functions at @sites. -EINVAL: ftrace does not know one of them. */
int pb_functions_add_sites(void *functions, unsigned long *sites, __u32 count) PB_NOEXCEPT;

/* The loaded module @name, which stays loaded until put; NULL: there is none. */
void *pb_traced_module_get(const char *name) PB_NOEXCEPT;
void pb_traced_module_put(void *module) PB_NOEXCEPT;
/* How many functions the module had when it was loaded. */
__u32 pb_traced_module_sites(const void *module) PB_NOEXCEPT;
/* The address of function @index of those; 0: it was freed with the module's init. */
__u64 pb_traced_module_site(const void *module, __u32 index) PB_NOEXCEPT;
/* Whether @glob matches the name of the function at @site. */
int pb_site_matches(__u64 site, const char *glob) PB_NOEXCEPT;

/*
 * From attach to detach each entry of a function of the set calls perfbuf_function_entered(); when
 * detach returns, no such call is running. -EOPNOTSUPP: the kernel does not trace functions;
 * -ENODEV: the kernel has turned function tracing off after an error; -ENOMEM.
 */
int pb_functions_attach(void *functions) PB_NOEXCEPT;
void pb_functions_detach(void *functions) PB_NOEXCEPT;

/* Whether RCU watches this CPU. Interrupts off; not in an NMI that RCU does not know of. */
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
/* A function was entered by a call of perfbuf_function_entered(), or by an NMI that interrupted it:
 * the entry is not recorded. */
void perfbuf_function_missed(void *first) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_FUNCTRACE_H */
