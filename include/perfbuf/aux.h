/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUX areas, for the driver that fills one, in C or C++. The contract is
 * docs/aux.md. A source in another module names a struct perfbuf_aux in its
 * perfbuf_source.
 *
 *	if (perfbuf_aux_begin(&handle, stream)) {
 *		... write handle.size bytes at most, from position handle.head on ...
 *		perfbuf_aux_end(&handle, written);
 *	}
 *
 * Transactions and writes: any context, NMI included, preemption off, on the CPU
 * of the stream, from when its start() is called until its stop() has returned.
 * A transaction may stay open with preemption on in between; it ends on the CPU
 * where it began.
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

struct perfbuf_event;
struct perfbuf_source;
struct perfbuf_stream; /* an open file, as its source knows it */

/**
 * struct perfbuf_aux_handle - a transaction
 * @area:   the module's own; NULL when no transaction is open
 * @stream: the stream that it belongs to
 * @head:   where the next byte goes: a position in the stream; its remainder by
 *          the size is the offset in the area. In overwrite mode the source
 *          moves it to the position that it has reached before it ends
 * @size:   bytes that may be written from @head on; in overwrite mode the area
 * @wakeup: the reader is woken when the stream reaches this position
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
 * struct perfbuf_aux_pages - the memory of an area, for perfbuf_aux.setup()
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

/* ---------------------------------------------------------------- what a source declares */

/* Bits of perfbuf_aux.flags. */
#define PERFBUF_AUX_ONE_CHUNK	(1U << 0) /* physically contiguous, or mmap() fails: ENOMEM */
#define PERFBUF_AUX_VMALLOC	(1U << 1) /* virtually contiguous; then no order and no chunk */
#define PERFBUF_AUX_SHARED	(1U << 2) /* filled by perfbuf_aux_write() */
#define PERFBUF_AUX_NO_SNAPSHOT (1U << 3) /* a read-only mapping is refused: EOPNOTSUPP */
#define PERFBUF_AUX_PAUSES	(1U << 4) /* stop() and start() may come in NMI, too: see there */
#define PERFBUF_AUX_TASKS                                                                          \
	(1U << 5) /* files on a task, too: start() and stop() as it is switched                    \
		   */

/**
 * struct perfbuf_aux - the AUX area of a source in another module
 * @event:     one of the source's: files that are opened on it, on a CPU, can map an area; on a
 *             task with PERFBUF_AUX_TASKS (without: EOPNOTSUPP)
 * @max_order: the memory comes in chunks of at most 2^max_order pages, physically contiguous;
 *             smaller ones where there are no such. 0: single pages
 * @flags:     PERFBUF_AUX_*
 * @open:      a file is opened on @event: its stream, which stays until @close. A negative errno
 *             refuses the file. NULL: any number of files. Process context, may sleep
 * @close:     the opposite; after the last stop(), or when the source is unregistered
 * @setup:     an area is about to be mapped: takes its memory, and stores in *@private_data the
 *             pointer that perfbuf_aux_begin() returns, not NULL. If it returns a negative errno,
 *             mmap() fails with it. NULL: perfbuf_aux_begin() returns a const struct
 *             perfbuf_aux_pages *. Process context, under mmap_lock: may sleep, but not touch
 *             user memory
 * @free:      the opposite, a little after the last unmap, or when the source is unregistered.
 *             Process context, may sleep
 * @start:     the stream may be filled from now on. perfbuf_aux_begin() still fails while no area
 *             is mapped, the area is full, or the event is off because it was full; it may succeed
 *             later. On the stream's CPU, interrupts off
 * @stop:      no transaction of the stream is open when this returns, and nothing begins. Also
 *             where the last mapping of the area goes, a file is sent to another ring, or was off
 *             since it was full and is enabled again: then @start follows at once. They alternate,
 *             beginning with @start. On the stream's CPU, interrupts off; with PERFBUF_AUX_PAUSES
 *             also for as long as the samples of another event pause the area, and then in NMI
 *             where they are taken there. Of a file on a task, both come on the CPU where the task
 *             runs, as it is switched in and out, under the scheduler's locks: they must not wake
 *             a task
 * @hold:      writes nothing until @release, while a sample takes the newest bytes; returns the
 *             position up to which the bytes are there: @published, if no transaction is open.
 *             The data that the source was writing behind it, as the sample interrupted it, is at
 * most an eighth of the area. Not during start() and stop(): then the sample has no bytes. Between
 * start() and stop(), on the CPU, any context. NULL: samples of other events cannot take bytes of
 * the area (EOPNOTSUPP), unless it is shared: then perfbuf_aux_write() is refused if it would
 * overwrite bytes of the sample
 * @release:   the opposite, or NULL: there is nothing to do then
 *
 * Stays while the source is registered. All calls are over when perfbuf_source_unregister() has
 * returned.
 */
struct perfbuf_aux {
	struct perfbuf_event *event;
	__u32 max_order;
	__u32 flags;
	int (*open)(struct perfbuf_source *source, struct perfbuf_stream *stream);
	void (*close)(struct perfbuf_source *source, struct perfbuf_stream *stream);
	int (*setup)(struct perfbuf_source *source, const struct perfbuf_aux_pages *pages,
		     void **private_data);
	void (*free)(struct perfbuf_source *source, void *private_data);
	void (*start)(struct perfbuf_source *source, struct perfbuf_stream *stream);
	void (*stop)(struct perfbuf_source *source, struct perfbuf_stream *stream);
	__u64 (*hold)(struct perfbuf_source *source, struct perfbuf_stream *stream,
		      __u64 published);
	void (*release)(struct perfbuf_source *source, struct perfbuf_stream *stream);
};

/* ---------------------------------------------------------------- streams */

/**
 * struct perfbuf_stream_info - what a file was opened with
 * @cpu:     the CPU of the file; -1: a file on a task, filled on the CPU where the task runs
 * @id:      of the file: PERF_EVENT_IOC_ID
 * @config1: attr.config1 and attr.config2: what the source makes of them
 * @config2: the same
 */
struct perfbuf_stream_info {
	__s32 cpu;
	__u64 id;
	__u64 config1;
	__u64 config2;
};

/**
 * perfbuf_stream_about() - what the file of a stream was opened with
 * @stream: between open() and close()
 * @out: is filled
 *
 * Context: Any.
 */
void perfbuf_stream_about(const struct perfbuf_stream *stream,
			  struct perfbuf_stream_info *out) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_stream_set_data() - store a pointer of the source's own with a stream
 * @stream: between open() and close()
 * @data: NULL at first
 *
 * Context: Any, one at a time.
 */
void perfbuf_stream_set_data(struct perfbuf_stream *stream, void *data) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_stream_data() - the pointer that perfbuf_stream_set_data() stored last
 * @stream: between open() and close()
 *
 * Context: Any.
 */
void *perfbuf_stream_data(const struct perfbuf_stream *stream) PERFBUF_AUX_NOEXCEPT;

/* ---------------------------------------------------------------- transactions */

/**
 * perfbuf_aux_begin() - open a transaction
 * @handle: the caller's; stays until perfbuf_aux_end()
 * @stream: started
 *
 * Context: Any, NMI included; preemption off, on the stream's CPU.
 * Return: what the setup of the area gave. NULL: nothing is mapped, the event is off or paused,
 * another transaction is open (counted), this is another CPU, the area is a shared one; or it is
 * full: then the event goes off and the reader is woken.
 */
void *perfbuf_aux_begin(struct perfbuf_aux_handle *handle,
			struct perfbuf_stream *stream) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_end() - publish what was written, and close the transaction
 * @handle: of perfbuf_aux_begin(); not open: nothing happens
 * @size: bytes from @handle->head on, which are in memory by now. Bytes beyond @handle->size are
 *        cut, with PERF_AUX_FLAG_TRUNCATED
 *
 * With PERF_AUX_FLAG_TRUNCATED the event goes off and the reader is woken.
 * Context: As perfbuf_aux_begin(), and not nested in another call on the same handle.
 */
void perfbuf_aux_end(struct perfbuf_aux_handle *handle, __u64 size) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_skip() - leave bytes out, for alignment
 * @handle: open
 * @size: bytes; @handle->head and @handle->size move. No record announces them
 *
 * Context: As perfbuf_aux_end().
 * Return: 0; -ENOSPC: so many are not free, or no transaction is open.
 */
int perfbuf_aux_skip(struct perfbuf_aux_handle *handle, __u64 size) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_flag() - set flags of the record
 * @handle: open
 * @flags: PERF_AUX_FLAG_TRUNCATED, _PARTIAL, _COLLISION or bits of
 *         PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK
 *
 * Context: As perfbuf_aux_end().
 * Return: 0; -EINVAL: others are perfbuf's own.
 */
int perfbuf_aux_flag(struct perfbuf_aux_handle *handle, __u64 flags) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_get() - what the setup of the area gave
 * @handle: open, or not: NULL
 *
 * Context: Any.
 */
void *perfbuf_aux_get(const struct perfbuf_aux_handle *handle) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_copy() - copy bytes into the area, over the ends of its pages and its own
 * @handle: open
 * @at: where, bytes from @handle->head on
 * @from: kernel memory
 * @bytes: how many
 *
 * For sources that are no hardware. Nothing is published: perfbuf_aux_end() does that.
 * Context: As perfbuf_aux_begin().
 * Return: bytes that were copied; what does not fit into @handle->size is not.
 */
__u64 perfbuf_aux_copy(const struct perfbuf_aux_handle *handle, __u64 at, const void *from,
		       __u64 bytes) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_write() - write a packet into a shared area
 * @stream: started; its area has PERFBUF_AUX_SHARED
 * @from: kernel memory
 * @bytes: of the packet; they are contiguous in the stream
 *
 * Several producers on one CPU, in any context and nested in any way.
 * Context: Any, NMI included; preemption off, on the stream's CPU.
 * Return: 0; -ENXIO: nothing is mapped or the event is off or paused; -ENOSPC: no space, or a
 * sample holds the bytes that it would overwrite (the next record reports the loss); -E2BIG: larger
 * than the area; -EINVAL: it is not shared; -EXDEV: this is another CPU.
 */
__s64 perfbuf_aux_write(struct perfbuf_stream *stream, const void *from,
			__u64 bytes) PERFBUF_AUX_NOEXCEPT;

/**
 * perfbuf_aux_itrace_start() - record that the trace of the current task, or of the file's, begins
 * @stream: started
 *
 * Writes PERF_RECORD_ITRACE_START. Of a file on a task with attr.inherit it names the current task,
 * which in start() may be the one that leaves the CPU.
 * Context: Any, NMI included; preemption off, on the stream's CPU.
 */
void perfbuf_aux_itrace_start(struct perfbuf_stream *stream) PERFBUF_AUX_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_AUX_H */
