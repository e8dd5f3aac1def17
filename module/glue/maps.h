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
 * From attach to detach the probe calls perfbuf_memory_mapped(). It misses a mapping if more than
 * @tasks_max tasks are preempted or asleep in the probed function. -ENOMEM, or an error of
 * register_kretprobe(). Process context, may sleep.
 */
int pb_maps_attach(unsigned int tasks_max) PB_NOEXCEPT;
/* On return the function does not run. Process context, sleeps. */
void pb_maps_detach(void) PB_NOEXCEPT;

struct pb_map_file {
	__u64 inode;
	__u64 inode_generation;
	__u32 major;
	__u32 minor;
};

/* A part of the current task's memory that was mapped, or got other rights. */
struct pb_map {
	__u64 start;
	__u64 bytes;
	__u64 file_offset;
	__u32 prot;  /* PROT_* */
	__u32 flags; /* MAP_* */
	int is_exec;

	int is_file;
	/* If it is one. */
	struct pb_map_file file;
	char *path;	  /* with space for 7 bytes behind it; NULL: the kernel does not say */
	__u32 path_bytes; /* with its NUL */
	/* If it is none. */
	const char *name; /* by the driver or the architecture; NULL: it has none */
	__u64 heap_start;
	__u64 heap_end;
	__u64 stack_start;
};

/* C++. Interrupts off; may not sleep. */
void perfbuf_memory_mapped(const struct pb_map *map, __u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_MAPS_H */
