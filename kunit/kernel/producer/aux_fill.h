/* SPDX-License-Identifier: GPL-2.0 */
/* Between the C half of perfbuf_test_aux, which knows the kernel, and the C++ half, which writes.
 */
#ifndef PERFBUF_TEST_AUX_FILL_H
#define PERFBUF_TEST_AUX_FILL_H

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct perfbuf_stream;

/* The memory of an area, from its setup on. */
struct test_area {
	int overwrite;
	int orders_seen; /* the largest order of a chunk */
};

/* Some words in one transaction. On the stream's CPU, interrupts off. */
void test_fill(struct perfbuf_stream *stream);

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_TEST_AUX_FILL_H */
