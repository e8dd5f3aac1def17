/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that the kernel leaves alone, for recorders that survive a reboot. */
#ifndef PERFBUF_GLUE_PERSIST_H
#define PERFBUF_GLUE_PERSIST_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------- C; process context, may sleep */

/* Module parameter persist. NULL: it is not given. */
const char *pb_param_persist(void) PB_NOEXCEPT;
/* Logs @message about the parameter's value @parameter. */
void pb_log_persist(const char *parameter, const char *message) PB_NOEXCEPT;

/* Finds the memory that the kernel's parameter reserve_mem= names @name. -ENOENT: there is none;
 * -EOPNOTSUPP: this kernel has no reserve_mem. */
int pb_reserve_mem_find(const char *name, __u64 *physical, __u64 *bytes) PB_NOEXCEPT;

/* Claims a range of physical memory for the module. -EBUSY: the kernel or a driver uses it. */
int pb_memory_claim(__u64 physical, __u64 bytes) PB_NOEXCEPT;
void pb_memory_release(__u64 physical, __u64 bytes) PB_NOEXCEPT;
/* Maps a claimed range, cached, and returns its kernel address. NULL: it cannot be mapped. */
void *pb_memory_map(__u64 physical, __u64 bytes) PB_NOEXCEPT;
void pb_memory_unmap(void *address) PB_NOEXCEPT;

/* ------------------------------------------------- C++; at the module's start and end */

int perfbuf_persist_init(void) PB_NOEXCEPT;
void perfbuf_persist_exit(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* PERFBUF_GLUE_PERSIST_H */
