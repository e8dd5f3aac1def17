/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packets that perfbuf_test_aux writes into AUX, for it and for its tests. An exclusive area:
 * each u64 is its own position in the stream. A shared one: packets of 16 to 64 bytes, a head and
 * words that follow from it.
 */
#ifndef PERFBUF_TEST_AUX_PACKETS_H
#define PERFBUF_TEST_AUX_PACKETS_H

#include <linux/types.h>

enum test_writer { TEST_THREAD, TEST_IRQ, TEST_NMI, TEST_WRITERS };

#define TEST_PACKET_WORDS_MAX 8

static inline __u64 test_packet_head(unsigned int writer, unsigned int words, __u64 number)
{
	return (__u64)(0xb0 + writer) << 56 | (__u64)words << 48 | (number & 0xffffffffffffULL);
}

static inline __u64 test_packet_word(__u64 head, unsigned int index)
{
	return (head ^ index) * 0x9e3779b97f4a7c15ULL;
}

#endif /* PERFBUF_TEST_AUX_PACKETS_H */
