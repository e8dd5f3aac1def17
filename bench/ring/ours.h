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

/* The first words of a record behind its header. */
enum ours_stamp { OURS_UNSTAMPED, OURS_STAMPED };

#define OURS_RINGS_MOST 16

struct ours_wanted {
	unsigned int pages;
	unsigned int rings; /* of which the first is chosen */
	int overwrite, backward, mirrored;
	enum ours_stamp stamp;
};

/* 0 or a positive errno. Also after an error there is something to destroy. */
OURS_FUNCTION int ours_create(const struct ours_wanted *wanted);
OURS_FUNCTION void ours_destroy(void);

/* The ring that the functions below are about. */
OURS_FUNCTION void ours_choose(unsigned int ring);

/* 0 or a positive errno. */
OURS_FUNCTION int ours_begin(struct ours_record *record, unsigned long bytes);
OURS_FUNCTION void ours_copy(struct ours_record *record, const void *from, unsigned long bytes);
OURS_FUNCTION void ours_end(struct ours_record *record);

/* Where to write, or NULL. */
OURS_FUNCTION void *ours_reserve(unsigned long bytes);
OURS_FUNCTION void ours_commit(void);
/* The same of a burst of @records records, of @bytes in all. */
OURS_FUNCTION void *ours_reserve_burst(unsigned long bytes, unsigned int records);

/* The same of a ring by its number. */
OURS_FUNCTION int ours_begin_in(unsigned int ring, struct ours_record *record, unsigned long bytes);
OURS_FUNCTION void *ours_reserve_in(unsigned int ring, unsigned long bytes);
OURS_FUNCTION void ours_commit_in(unsigned int ring);

/* A batch, as peer.write() has it, without a call for each record. */
OURS_FUNCTION unsigned int ours_write_inline(unsigned long long *payload, unsigned int bytes,
					     unsigned int records);

/*
 * Takes the payloads of all records out of the rings, in the order in which they were written, and
 * adds what the rings say they lost to *@lost; -EIO, also if a stamp is earlier than one before.
 */
OURS_FUNCTION int ours_read(void *to, unsigned int space, unsigned long long *lost);
/* The same of one ring. */
OURS_FUNCTION int ours_read_in(unsigned int ring, void *to, unsigned int space,
			       unsigned long long *lost);

/* C's: the kernel address of a page frame; the kernel's local_clock(). */
OURS_FUNCTION const void *ours_frame_address(unsigned long frame);
OURS_FUNCTION unsigned long long ours_clock(void);

#endif
