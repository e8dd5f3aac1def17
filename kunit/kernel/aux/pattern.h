/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words that the pattern source writes into AUX, for it and for its tests.
 *
 * /dev/perfbuf/pattern: attr.type PERF_TYPE_RAW, attr.config of the bits below, one CPU, a sample
 * period in ns. A timer on that CPU writes at each tick.
 *
 * An exclusive area is a stream of words, each pattern_word() of its own position. A shared one is
 * a stream of packets of 16 to 64 bytes: a head word, then words that follow from it.
 */
#ifndef PERFBUF_KUNIT_AUX_PATTERN_H
#define PERFBUF_KUNIT_AUX_PATTERN_H

#include <linux/types.h>

#define PATTERN_TYPE 4 /* PERF_TYPE_RAW */

/* Bits of attr.config. */
#define PATTERN_SHARED	     1ULL   /* a thread and the timer write short packets */
#define PATTERN_VIRTUAL	     2ULL   /* the area is of vmalloc */
#define PATTERN_ONE_CHUNK    4ULL   /* or of one physical chunk */
#define PATTERN_LARGE	     8ULL   /* or of chunks as large as can be had */
#define PATTERN_NO_OVERWRITE 16ULL  /* cannot do snapshots */
#define PATTERN_NO_AUX	     32ULL  /* has no area at all */
#define PATTERN_HOLDS	     64ULL  /* a transaction stays open over 16 ticks */
#define PATTERN_PARTIAL	     128ULL /* says PARTIAL, and a format, of each */
#define PATTERN_BITS	     256ULL

/* Bytes that a tick writes, and that a transaction has at most. */
#define PATTERN_STEP   1024
#define PATTERN_MOST   (16 * PATTERN_STEP)

#define PATTERN_FORMAT 0x0500

static inline __u64 pattern_word(__u64 position)
{
	return (position + 8) * 0x9e3779b97f4a7c15ULL;
}

/* A packet's head: its producer, its bytes, and its number among that producer's. */
enum pattern_producer { PATTERN_THREAD, PATTERN_TIMER, PATTERN_PRODUCERS };

static inline __u64 pattern_head(unsigned int producer, unsigned int bytes, __u64 number)
{
	return (__u64)(0xa0 + producer) << 56 | (__u64)bytes << 48 | (number & 0xffffffffffffULL);
}

static inline __u64 pattern_packet_word(__u64 head, unsigned int index)
{
	return (head + index) * 0xd1b54a32d192ed03ULL;
}

#endif /* PERFBUF_KUNIT_AUX_PATTERN_H */
