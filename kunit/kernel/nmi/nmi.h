/* SPDX-License-Identifier: GPL-2.0 */
/* Between the C files, which make the contexts, and writer.cpp, which writes and reads in them. */
#ifndef PERFBUF_NMI_H
#define PERFBUF_NMI_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nmi_context { CONTEXT_TASK, CONTEXT_SOFTIRQ, CONTEXT_IRQ, CONTEXT_NMI, CONTEXTS };

/* How a record is written. */
enum nmi_how {
	WRITE_PLAIN,
	WRITE_AFTER_A_LOSS, /* a record that reports a loss */
	WRITE_AND_GIVE_UP,
	WRITE_BURST,
	WRITE_BURST_AND_GIVE_UP,
	WRITE_INTO_FULL,       /* the ring is filled first */
	WRITE_AUX_PACKET,      /* into a shared area */
	WRITE_AUX_TRANSACTION, /* into an exclusive one */
	WRITE_HOWS
};

struct nmi_counts {
	unsigned long long attempted[CONTEXTS];
	unsigned long long refused[CONTEXTS];
	unsigned long long given_up;
	unsigned long long received[CONTEXTS];
	unsigned long long reported; /* by PERF_RECORD_LOST */
};

#define RING_PAGES_MAX 16

/* main.c: where the kernel sees a frame. Any context. */
const void *nmi_frame_address(unsigned long frame) PB_NOEXCEPT;

/* A forward ring of @pages, at most RING_PAGES_MAX; 0 or an errno. Process context. */
int nmi_ring_create(unsigned int pages) PB_NOEXCEPT;
void nmi_ring_destroy(void) PB_NOEXCEPT;
/* A ring with an AUX area, shared or exclusive: what is written and read below is packets in that,
 * whatever the caller wants, until nmi_ring_destroy(). 0 or an errno. Process context. */
int nmi_aux_create(int is_shared) PB_NOEXCEPT;

/* Records until one is refused. */
void nmi_fill(enum nmi_context context) PB_NOEXCEPT;
/* One record. On the ring's CPU, preemption off, in @context. Returns 0 or the errno. */
int nmi_write(enum nmi_context context, enum nmi_how how) PB_NOEXCEPT;
/* Whether the reader has come near enough. Any context. */
int nmi_half_empty(void) PB_NOEXCEPT;
/* Reports losses that no record followed. On the ring's CPU, preemption off. */
void nmi_flush(void) PB_NOEXCEPT;

/*
 * The reader, on any CPU, one at a time: at most @records. Returns how many, or -1: a record is
 * torn, doubled, or out of its order; nmi_failure() says which.
 */
int nmi_read(unsigned int records) PB_NOEXCEPT;
const char *nmi_failure(void) PB_NOEXCEPT;

/* When no writer runs and all is read: every record is received, or reported as lost. */
int nmi_accounts(void) PB_NOEXCEPT;
void nmi_get_counts(struct nmi_counts *to) PB_NOEXCEPT;
unsigned long long nmi_attempted(void) PB_NOEXCEPT;

/*
 * An area whose last reference an NMI drops: prepare (0 or an errno; process context); an NMI on
 * another CPU calls hold, which stays inside until drop; drop when it is, preemption off: false:
 * the NMI could not write.
 */
int nmi_last_prepare(void) PB_NOEXCEPT;
void nmi_last_hold(void) PB_NOEXCEPT;
int nmi_last_is_inside(void) PB_NOEXCEPT;
int nmi_last_drop(void) PB_NOEXCEPT;
/* Of all AUX areas that were made: not freed yet. */
unsigned long long nmi_areas_left(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#else

struct pt_regs;

/* main.c: NMIs on @writer_cpu write while this is set. */
extern bool nmi_armed;
extern unsigned long nmis_handled;
extern int writer_cpu;
extern int other_cpu;
void nmi_send(void);

/* 0 or a negative errno; the log has said why. */
int nmi_storm(enum nmi_how how, unsigned long records, unsigned int seconds);
int nmi_last_reference(void);
int nmi_single_step(void);
int nmi_user_state(int bits);
int nmi_no_user_state(void);
/* In the NMI. */
void nmi_check_user_state(struct pt_regs *regs);
#endif

#endif /* PERFBUF_NMI_H */
