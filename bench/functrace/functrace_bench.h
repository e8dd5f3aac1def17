/* SPDX-License-Identifier: GPL-2.0 */
/* Between perfbuf_functrace_bench.ko and the program that drives it, by ioctl on
 * /proc/functrace_bench. */
#ifndef FUNCTRACE_BENCH_H
#define FUNCTRACE_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The work of a round. */
#define FUNCTRACE_BENCH_ONE	  0 /* a call of one function */
#define FUNCTRACE_BENCH_MANY	  1 /* of each of FUNCTRACE_BENCH_FUNCTIONS */
#define FUNCTRACE_BENCH_CALLS	  2 /* write(), read(), fstat() and stat() */

#define FUNCTRACE_BENCH_FUNCTIONS 64

struct functrace_bench_run {
	__u32 work; /* FUNCTRACE_BENCH_* */
	__u32 rounds;
	__u64 ticks; /* answer: of the time stamp counter */
	/* Of CALLS. */
	__s32 write_fd, read_fd;
	__u64 buffer; /* of read() and write() */
	__u64 bytes;
	__u64 path; /* of stat() */
	__u64 stat; /* of both; the memory must be there */
};

struct functrace_bench_steps {
	__u64 to;     /* text: a line for each instruction of a call of the one function */
	__u32 space;  /* at most FUNCTRACE_BENCH_TEXT */
	__u32 bytes;  /* answer */
	__u32 before; /* calls of the function before that one */
	__u32 unused;
};

/* A call of the one function, and in the middle of it of another in an NMI. */
struct functrace_bench_nmi {
	__u32 at;     /* the instruction behind which the NMI comes */
	__u32 steps;  /* answer: instructions of the call; where they are fewer, no NMI came */
	__u32 before; /* calls of the function before that one */
};

#define FUNCTRACE_BENCH_TEXT  (512 * 1024)

#define FUNCTRACE_BENCH_RUN   _IOWR('b', 1, struct functrace_bench_run)
#define FUNCTRACE_BENCH_STEPS _IOWR('b', 2, struct functrace_bench_steps)
#define FUNCTRACE_BENCH_NMI   _IOWR('b', 3, struct functrace_bench_nmi)

#endif
