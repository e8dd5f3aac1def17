/* SPDX-License-Identifier: GPL-2.0 */
/* Between perfbuf_ring_bench.ko and the program that drives it, by ioctl on /proc/ring_bench. */
#ifndef RING_BENCH_H
#define RING_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bytes of a ring's data area, for every peer that has one. */
#define RING_BENCH_DATA	     (512 * 1024)
#define RING_BENCH_DATA_MOST (8 * 1024 * 1024)

/* Rings that are written in turn, or CPUs that write at once. */
#define RING_BENCH_RINGS_MOST 16

/* Modes of a ring, for the peers that know them. */
#define RING_BENCH_OVERWRITE 1
#define RING_BENCH_BACKWARD  2
/* The ring reads its reader's position, and wakes a reader that has consumed all records. */
#define RING_BENCH_ADAPTIVE 4
/* Records are written in an NMI. */
#define RING_BENCH_NMI 8

/* The record: a count in its first word, with the number of the CPU if several CPUs write; then
 * words that are computed from their index. */
#define RING_BENCH_FIRST(cpu, count) ((__u64)(cpu) << 48 | (count))
#define RING_BENCH_WORD(index)	     ((index)*0x9e3779b97f4a7c15ULL)

struct ring_bench_open {
	char peer[32];
	__s32 fds[RING_BENCH_RINGS_MOST]; /* of the perf event or the BPF map, else -1 */
	__u32 mode;			  /* RING_BENCH_* */
	__u32 bytes;			  /* of a record without its header */
	__u32 data;			  /* bytes of the ring's data area, 0: RING_BENCH_DATA */
	__u32 rings;   /* that are written in turn, or one for each CPU; 0: one */
	__u32 in_user; /* answer: the program reads the records from its own mapping */
};

struct ring_bench_write {
	__u64 first;   /* the count in the first record */
	__u32 records; /* to attempt */
	__u32 cpus;    /* of them, the first write at once, each a batch; 0: only here */
	__u64 written; /* answer: in all */
	__u64 ticks;   /* answer: of the time stamp counter, less what a batch of nothing takes; of
			  several CPUs the mean */
};

struct ring_bench_read {
	__u64 to; /* records, one after the other, without headers */
	__u32 space;
	__u32 bytes; /* answer */
	__u32 cpu;   /* the CPU whose records are read */
	__u32 reserved;
	__u64 lost; /* answer: records that the ring itself says were lost since the last read */
};

struct ring_bench_trace {
	__u64 to;    /* text: a line for each instruction of the third record */
	__u32 space; /* at most RING_BENCH_DATA */
	__u32 bytes; /* answer */
};

#define RING_BENCH_OPEN	 _IOWR('b', 1, struct ring_bench_open)
#define RING_BENCH_WRITE _IOWR('b', 2, struct ring_bench_write)
#define RING_BENCH_READ	 _IOWR('b', 3, struct ring_bench_read)
#define RING_BENCH_TRACE _IOWR('b', 4, struct ring_bench_trace)

#endif
