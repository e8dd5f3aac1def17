/* SPDX-License-Identifier: GPL-2.0 */
/* New mappings of a process, by a kretprobe on perf's own hook. */
#ifndef PERFBUF_GLUE_MAPS_H
#define PERFBUF_GLUE_MAPS_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * From attach to detach the probe calls perfbuf_memory_mapped(). -EOPNOTSUPP: the kernel refuses
 * the probe. Process context, may sleep.
 */
int pb_maps_attach(void) PB_NOEXCEPT;
/* On return the function does not run. Process context, sleeps. */
void pb_maps_detach(void) PB_NOEXCEPT;

/* A part of the current task's memory that was mapped, or got other rights. */
struct pb_map {
	__u64 start;
	__u64 bytes;
	__u64 file_offset;
	__u64 inode;
	__u64 inode_generation;
	__u32 major;
	__u32 minor;
	__u32 prot;  /* PROT_* */
	__u32 flags; /* MAP_* */
	int is_exec;
	const char *name; /* ends in zeros, which name_bytes counts */
	__u32 name_bytes; /* a multiple of 8 */
};

/* C++. Interrupts off; may not sleep. */
void perfbuf_memory_mapped(const struct pb_map *map, __u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_MAPS_H */
