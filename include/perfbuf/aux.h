/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUX transactions, for who fills an AUX area: C and C++ alike. The contract is
 * docs/aux.md. A source with an AUX area is linked into perfbuf.ko: none of this
 * is exported.
 *
 *	if (perfbuf_aux_begin(&handle, stream)) {
 *		... write handle.size bytes at most, from position handle.head on ...
 *		perfbuf_aux_end(&handle, written);
 *	}
 *
 * All of it: any context, NMI included, preemption off, on the CPU of the
 * event's ring. A transaction may stay open with preemption on in between; it
 * ends on the CPU where it began.
 */
#ifndef PERFBUF_AUX_H
#define PERFBUF_AUX_H

#include <linux/types.h>

#ifdef __cplusplus
#define PERFBUF_AUX_NOEXCEPT noexcept
extern "C" {
#else
#define PERFBUF_AUX_NOEXCEPT
#endif

struct perfbuf_stream; /* an open file, as its source knows it */

/**
 * struct perfbuf_aux_handle - a transaction
 * @area:   the module's own; NULL when no transaction is open
 * @stream: whose it is
 * @head:   where the next byte goes: a position in the stream, of which the
 *          place in the area is the remainder by its size. In overwrite mode
 *          the source moves it to where it has come before it ends
 * @size:   bytes that may be written from @head on; in overwrite mode the area
 * @wakeup: the reader wants to know when the stream has come here
 * @flags:  PERF_AUX_FLAG_* for the record; set with perfbuf_aux_flag()
 */
struct perfbuf_aux_handle {
	void *area;
	struct perfbuf_stream *stream;
	__u64 head;
	__u64 size;
	__u64 wakeup;
	__u64 flags;
};

/**
 * struct perfbuf_aux_pages - the memory of an area, for who sets it up
 * @pages:     kernel address of each page
 * @orders:    at the first page of each physically contiguous chunk its order
 *             (2^order pages), 0 at the others
 * @nr_pages:  2^n
 * @overwrite: the reader maps it read-only: snapshot mode, nothing is ever full
 * @cpu:       of the event, -1: any
 */
struct perfbuf_aux_pages {
	void *const *pages;
	const __u8 *orders;
	__u32 nr_pages;
	__u32 overwrite;
	__s32 cpu;
};

/*
 * Opens a transaction; returns what the source's setup of the area returned.
 * NULL: nothing is mapped, the event is off, another transaction is open
 * (counted), or the area is full: then the event goes off and the reader is
 * woken.
 */
void *perfbuf_aux_begin(struct perfbuf_aux_handle *handle,
			struct perfbuf_stream *stream) PERFBUF_AUX_NOEXCEPT;

/*
 * Publishes @size bytes from @handle->head on and closes the transaction. They
 * are in memory when this is called. With PERF_AUX_FLAG_TRUNCATED the event
 * goes off and the reader is woken.
 */
void perfbuf_aux_end(struct perfbuf_aux_handle *handle, __u64 size) PERFBUF_AUX_NOEXCEPT;

/* Leaves @size bytes out, for alignment; no record tells of them. 0 or -ENOSPC. */
int perfbuf_aux_skip(struct perfbuf_aux_handle *handle, __u64 size) PERFBUF_AUX_NOEXCEPT;

/*
 * PERF_AUX_FLAG_TRUNCATED, _PARTIAL, _COLLISION or bits of
 * PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK for the record; others are the module's
 * own: -EINVAL.
 */
int perfbuf_aux_flag(struct perfbuf_aux_handle *handle, __u64 flags) PERFBUF_AUX_NOEXCEPT;

/* What the setup returned; NULL when no transaction is open. */
void *perfbuf_aux_get(const struct perfbuf_aux_handle *handle) PERFBUF_AUX_NOEXCEPT;

/*
 * Shared areas, which several producers on one CPU fill by short transactions, in any context and
 * nested in any way: @bytes in one piece of the stream. 0; -ENXIO: nothing is mapped or the event
 * is off; -ENOSPC: no room, which the next record tells; -E2BIG: larger than the area; -EINVAL: the
 * area is not shared.
 */
__s64 perfbuf_aux_write(struct perfbuf_stream *stream, const void *from,
			__u64 bytes) PERFBUF_AUX_NOEXCEPT;

/* Writes PERF_RECORD_ITRACE_START of the current task: from here on the source traces it. */
void perfbuf_aux_itrace_start(struct perfbuf_stream *stream) PERFBUF_AUX_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_AUX_H */
