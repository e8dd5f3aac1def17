/* SPDX-License-Identifier: GPL-2.0 */
/* Between ours.c, which writes as a producer would, and ring_calls.cpp, which has the ring. */
#ifndef RING_BENCH_OURS_H
#define RING_BENCH_OURS_H

#ifdef __cplusplus
#define OURS_FUNCTION extern "C"
#else
#define OURS_FUNCTION
#endif

/* A reservation. */
struct ours_record {
	unsigned long opaque[8];
};

OURS_FUNCTION int ours_create(unsigned int pages, int overwrite, int backward, int mirrored);
OURS_FUNCTION void ours_destroy(void);

/* 0 or a positive errno. */
OURS_FUNCTION int ours_begin(struct ours_record *record, unsigned long bytes);
OURS_FUNCTION void ours_copy(struct ours_record *record, const void *from, unsigned long bytes);
OURS_FUNCTION void ours_end(struct ours_record *record);

/* Where to write, or NULL. */
OURS_FUNCTION void *ours_reserve(unsigned long bytes);
OURS_FUNCTION void ours_commit(void);

/* A batch, as peer.write() has it, without a call for each record. */
OURS_FUNCTION unsigned int ours_write_inline(unsigned long long *payload, unsigned int bytes,
					     unsigned int records);

/* Takes the payloads of all records out of the ring; -EIO. */
OURS_FUNCTION int ours_read(void *to, unsigned int room);

/* C's: the kernel address of a page frame. */
OURS_FUNCTION const void *ours_frame_address(unsigned long frame);

#endif
