/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * perfbuf: perf's ring buffer for every kernel module.
 *
 * A source is a character device, /dev/perfbuf/<source>. A process opens it,
 * configures the file once with PERFBUF_IOC_OPEN, and from there on the file
 * behaves as one that perf_event_open(2) returned: mmap(), poll(), read() and
 * the PERF_EVENT_IOC_* requests mean what they mean there, and the mapping is
 * laid out as struct perf_event_mmap_page and the records that follow it.
 *
 * Before PERFBUF_IOC_OPEN every other request, read() and mmap() fail with
 * EBADFD. On a file that is not open for reading every request but
 * PERFBUF_IOC_WRITE fails with EBADF.
 */
#ifndef _UAPI_LINUX_PERFBUF_H
#define _UAPI_LINUX_PERFBUF_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Requests of our own; those of perf_event_open(2) keep their letter, '$'. */
#define PERFBUF_IOC_MAGIC 0xBC

/**
 * struct perfbuf_open - the arguments of perf_event_open(2)
 * @attr:  user address of a struct perf_event_attr. Its size field is read as
 *         perf reads it: 0 stands for PERF_ATTR_SIZE_VER0, what is longer than
 *         the kernel's own must be zero behind it. On E2BIG the size that the
 *         module knows is written to attr.size.
 * @pid:   0 the caller, > 0 that thread, -1 every process (then @cpu >= 0);
 *         with PERF_FLAG_PID_CGROUP an open directory of cgroup2 (@cpu >= 0)
 * @cpu:   >= 0 that CPU only, -1 every CPU (then @pid >= 0)
 * @flags: PERF_FLAG_FD_CLOEXEC is accepted and has no effect (the file is open
 *         already); PERF_FLAG_PID_CGROUP limits the event to the tasks of a
 *         cgroup and of those below it (EBADF: @pid is no directory of cgroup2;
 *         ENOENT: the cgroup was removed; EOPNOTSUPP: the source cannot; before
 *         it was added, always EOPNOTSUPP); the other flags of
 *         perf_event_open(2) fail with EOPNOTSUPP, unknown bits with EINVAL
 *
 * Errors are those of perf_event_open(2), with three differences:
 *
 * * A feature of perf that the source does not have fails with EOPNOTSUPP; it is
 *   never ignored. But attr.namespaces, ksymbol, bpf_event, cgroup, text_poke
 *   and build_id fail with EINVAL, as on a kernel that is older than the bit,
 *   and so does sigtrap except for "pmu" events of a task in user mode
 *   (docs/pmu.md).
 * * A second PERFBUF_IOC_OPEN fails with EBUSY.
 * * The source defines attr.type and attr.config. A source with one event only
 *   takes PERF_TYPE_SOFTWARE and PERF_COUNT_SW_CPU_CLOCK ("clock").
 *   PERF_COUNT_SW_DUMMY is an event of every source: it has no samples, but
 *   side-band records.
 */
struct perfbuf_open {
	__u64 attr;
	__s32 pid;
	__s32 cpu;
	__u64 flags;
};

#define PERFBUF_IOC_OPEN _IOW(PERFBUF_IOC_MAGIC, 0, struct perfbuf_open)

/*
 * Bits of the u32 of attr behind aux_sample_size (aux_action of Linux 6.13 and later): the event's
 * own AUX area begins paused; each sample of this event pauses, or resumes, the AUX area of the event
 * that it is linked to.
 */
#define PERFBUF_AUX_START_PAUSED (1U << 0)
#define PERFBUF_AUX_PAUSE	 (1U << 1)
#define PERFBUF_AUX_RESUME	 (1U << 2)

/**
 * struct perfbuf_open_linked - an event whose samples take or control another file's AUX
 * @open:     as for PERFBUF_IOC_OPEN
 * @aux_fd:   a configured file whose event has an AUX area, with the same @pid and @cpu
 * @reserved: 0
 *
 * @aux_fd replaces the group leader that perf_event_open(2) requires for this. attr requests
 * PERF_SAMPLE_AUX (each sample has the newest aux_sample_size bytes), PERFBUF_AUX_PAUSE or
 * PERFBUF_AUX_RESUME. The link lasts until this file is closed, and keeps @aux_fd's file open.
 *
 * Errors: EBADF (@aux_fd is no file of perfbuf), EBADFD (it is not configured), EINVAL (its event
 * has no AUX area or another target or CPU, or attr requests none of the three), EOPNOTSUPP (its
 * source cannot pause).
 */
struct perfbuf_open_linked {
	struct perfbuf_open open;
	__s32 aux_fd;
	__u32 reserved;
};

#define PERFBUF_IOC_OPEN_LINKED _IOW(PERFBUF_IOC_MAGIC, 8, struct perfbuf_open_linked)

/**
 * struct perfbuf_open_group - an event in the group of another
 * @open:     as for PERFBUF_IOC_OPEN
 * @group_fd: the leader: a configured file with the same @pid, @cpu and clock
 * @reserved: 0
 *
 * As group_fd of perf_event_open(2): the sibling counts while it and the leader
 * are enabled, PERF_FORMAT_GROUP reads the values of all events, and requests
 * with PERF_IOC_FLAG_GROUP apply to all. The sources may differ. docs/groups.md
 *
 * Added after the first version of this header: a module without it answers
 * ENOTTY. Errors: EBADF (@group_fd is no file of perfbuf), EBADFD (it is not
 * configured), EINVAL (another target, CPU or clock; the leader is a sibling
 * itself), E2BIG (more than 128 events).
 */
struct perfbuf_open_group {
	struct perfbuf_open open;
	__s32 group_fd;
	__u32 reserved;
};

#define PERFBUF_IOC_OPEN_GROUP _IOW(PERFBUF_IOC_MAGIC, 10, struct perfbuf_open_group)

/**
 * struct perfbuf_follow - one more thread for the event of a file
 * @pid:   the thread, as in struct perfbuf_open
 * @flags: 0
 *
 * The event follows this thread, and what it forks from now on, as if the thread had inherited the
 * event. So one file for each CPU is enough for a process of thousands of threads. If the event
 * follows the thread already, nothing changes. Limits are those of PERFBUF_IOC_OPEN, and so are the
 * rights, which the caller needs as well as the opener of the file.
 *
 * Added after the first version of this header: a module without it answers ENOTTY. Errors: EBADFD,
 * EFAULT, ENODEV, EINVAL (@flags; the event has no @pid, no CPU or no attr.inherit), EACCES, ESRCH
 * (there is no such thread, or all that the event follows have exited), EOPNOTSUPP (the events of
 * this source cannot), ENOMEM, EMFILE, ENOSPC.
 */
struct perfbuf_follow {
	__s32 pid;
	__u32 flags;
};

#define PERFBUF_IOC_FOLLOW _IOW(PERFBUF_IOC_MAGIC, 11, struct perfbuf_follow)

/* Where the data pages of a ring come from. */
#define PERFBUF_STORAGE_PAGES                                                                      \
	0 /* pages of the kernel's linear map; vmalloc where perf uses that */
#define PERFBUF_STORAGE_VMALLOC 1 /* virtually contiguous */
#define PERFBUF_STORAGE_MIRRORED                                                                   \
	2 /* the same, twice in a row: records never wrap in the kernel                            \
	   */

/* The reader polls the positions by itself: no wakeup is sent. poll() still answers. */
#define PERFBUF_RING_NO_WAKEUP (1U << 0)

/**
 * struct perfbuf_ring - options of a ring that perf_event_attr does not have
 * @size:           of this structure as the caller knows it; it may grow (E2BIG
 *                  where a later field that the module does not know is not 0)
 * @storage:        PERFBUF_STORAGE_*; before the first mmap() (EBUSY after it)
 * @flags:          PERFBUF_RING_*
 * @reserved:       0
 * @wakeup_latency: ns; no record waits longer than about this for a wakeup,
 *                  whatever the watermark and whether or not another follows;
 *                  0: no limit; at least 10000, at most 3600 seconds
 *
 * Applies to the file's next ring, and @flags and @wakeup_latency to the one it
 * has. Errors: EINVAL (a value), E2BIG, EFAULT, EBUSY.
 */
struct perfbuf_ring {
	__u32 size;
	__u32 storage;
	__u32 flags;
	__u32 reserved;
	__u64 wakeup_latency;
};

#define PERFBUF_IOC_RING _IOW(PERFBUF_IOC_MAGIC, 1, struct perfbuf_ring)

/*
 * Returns a time T, ns of the file's clock (attr.clockid, or perf's own), so
 * that every record with a time before T, of any file of the module and on any
 * CPU, is published. A reader that requests T, and then reads the rings of all
 * its files of this clock, has seen every record before T, and can sort them.
 * Writers pay nothing: a fence interrupts each CPU and waits until the writers
 * that it finds there have committed. Requests share a fence for 10 ms, so T may
 * be that much older than the request. CLOCK_REALTIME and CLOCK_TAI can be set
 * back; then T says nothing of the records before.
 *
 * Added after the first version of this header: a module without it answers
 * ENOTTY. Errors: EBADFD, EFAULT, ENODEV.
 */
#define PERFBUF_IOC_FENCE _IOR(PERFBUF_IOC_MAGIC, 2, __u64)

#define PERFBUF_POSITIONS_MARKS	    32
#define PERFBUF_POSITIONS_OVERWRITE (1ULL << 0) /* the ring was mapped read-only */
#define PERFBUF_POSITIONS_BACKWARD  (1ULL << 1) /* attr.write_backward */

/**
 * struct perfbuf_positions - how far the writers of a file's ring have come
 * @flags:     PERFBUF_POSITIONS_*
 * @published: what data_head says
 * @reserved:  the end of all records that writers have begun; a writer moves it
 *             before it stores
 * @marks:     positions at which records begin, about one for each watermark, in
 *             no order; of a forward ring in overwrite mode, else all 0
 *
 * A reader of a ring in overwrite mode copies it while the writers go on: it
 * requests the positions, copies what is published, and requests them again.
 * Bytes more than the size of the ring before @reserved may have been
 * overwritten; the others are whole. In a forward ring it begins at a mark.
 *
 * On x86 a writer's stores are seen in order. On arm64 the request interrupts the
 * event's CPU to order them; the request for an event without a CPU is EOPNOTSUPP
 * there, unless the ring is paused (PERF_EVENT_IOC_PAUSE_OUTPUT) while it is copied.
 */
struct perfbuf_positions {
	__u64 flags;
	__u64 published;
	__u64 reserved;
	__u64 marks[PERFBUF_POSITIONS_MARKS];
};

/* Added later: a module without it answers ENOTTY. Errors: EBADFD, EFAULT, ENODEV, EINVAL (nothing
 * is mapped), EOPNOTSUPP (above). */
#define PERFBUF_IOC_POSITIONS _IOR(PERFBUF_IOC_MAGIC, 3, struct perfbuf_positions)

/**
 * struct perfbuf_ring_copy - a copy of the ring that a file writes to, and what decodes it
 * @attr:      user address: the file's struct perf_event_attr is written there
 * @attr_size: in: bytes there, at least PERF_ATTR_SIZE_VER0; out: bytes written, as in attr.size
 * @flags:     0
 * @buffer:    user address: the data is written there, as it lies in the mapping
 * @bytes:     in: of @buffer; out: of the ring's data
 * @ring:      out: a number that all files have that write to one ring
 * @written:   out: what data_head said before the copy
 * @positions: out: those after the copy
 *
 * For a reader that has not mapped the ring, because the file is another process's
 * (pidfd_getfd(2)): a mapping would count as one of the file's. What was overwritten meanwhile
 * follows from @written and @positions, as struct perfbuf_positions says. Of a ring that is not in
 * overwrite mode (no PERFBUF_POSITIONS_OVERWRITE in @positions) nothing is copied.
 *
 * Added later: a module without it answers ENOTTY. Errors: EBADFD, EFAULT, ENODEV, EINVAL (nothing
 * is mapped; @attr_size; @flags), ENOSPC (@buffer is smaller than the ring: all but the data and the
 * positions is written), EOPNOTSUPP as for PERFBUF_IOC_POSITIONS.
 */
struct perfbuf_ring_copy {
	__u64 attr;
	__u32 attr_size;
	__u32 flags;
	__u64 buffer;
	__u64 bytes;
	__u64 ring;
	__u64 written;
	struct perfbuf_positions positions;
};

#define PERFBUF_IOC_COPY_RING _IOWR(PERFBUF_IOC_MAGIC, 4, struct perfbuf_ring_copy)

/* Why a text is not a filter: perfbuf_filter_check.reason. More may be added. */
enum perfbuf_filter_reason {
	PERFBUF_FILTER_GOOD,
	PERFBUF_FILTER_NO_FIELD,     /* the event has no field of this name */
	PERFBUF_FILTER_NOT_COMPARED, /* fields of this kind are not compared */
	PERFBUF_FILTER_WANTS_FIELD,  /* the name of a field must stand here */
	PERFBUF_FILTER_WANTS_OPERATOR,
	PERFBUF_FILTER_WANTS_VALUE,
	PERFBUF_FILTER_WANTS_JOIN,  /* && or || */
	PERFBUF_FILTER_WANTS_OPEN,  /* the parenthesis behind "in" */
	PERFBUF_FILTER_WANTS_CLOSE, /* a parenthesis */
	PERFBUF_FILTER_WANTS_COMMA, /* or the parenthesis that closes the list behind "in" */
	PERFBUF_FILTER_OPERATOR,    /* the operator does not compare fields of this kind */
	PERFBUF_FILTER_NO_NAME,	    /* the field has no such name for a value */
	PERFBUF_FILTER_NO_NUMBER,
	PERFBUF_FILTER_UNIT,  /* no unit of this kind of field */
	PERFBUF_FILTER_RANGE, /* the field cannot hold the number */
	PERFBUF_FILTER_EMPTY, /* a range whose last number is below its first */
	PERFBUF_FILTER_QUOTE, /* a quote without its end */
	PERFBUF_FILTER_STAR,  /* a star within a word */
	PERFBUF_FILTER_LONG,  /* a word of more than 64 characters */
	PERFBUF_FILTER_MANY,  /* more than 32 comparisons */
	PERFBUF_FILTER_DEEP,  /* more than 16 levels */
};

/**
 * struct perfbuf_filter_check - checks a filter without setting it
 * @text:   user address of the filter
 * @error:  out: the errno that PERF_EVENT_IOC_SET_FILTER would return; 0: the text is a filter
 * @reason: out: enum perfbuf_filter_reason
 * @at:     out: where in the text the token begins that is wrong; its length if the text ends early
 * @bytes:  out: of the token; 0 at the end of the text
 *
 * The file's filter stays as it is. Added after the first version of this header: a module without
 * it answers ENOTTY. Errors: EBADFD, EFAULT, EINVAL (a text of 1024 bytes and more), ENODEV, ENOMEM,
 * EOPNOTSUPP (the source has no typed events).
 */
struct perfbuf_filter_check {
	__u64 text;
	__u32 error;
	__u32 reason;
	__u32 at;
	__u32 bytes;
};

#define PERFBUF_IOC_CHECK_FILTER _IOWR(PERFBUF_IOC_MAGIC, 9, struct perfbuf_filter_check)

/*
 * Records that a process writes. A source that accepts them ("inject") makes a
 * record of each write(2), of each part of a writev(2), and of each part of this
 * request; the file need not be configured. Errors: EBADF (not open for
 * writing), EINVAL (the source accepts none; @reserved), E2BIG (more than
 * PERFBUF_WRITE_MAX bytes, more than PERFBUF_WRITE_PARTS parts), EFAULT, ENODEV
 * (the source has gone). The request returns how many records it made: fewer
 * than the parts when one of them is bad, or when a signal arrives.
 */
#define PERFBUF_WRITE_MAX   32768 /* bytes of a record */
#define PERFBUF_WRITE_PARTS 1024

struct perfbuf_write_part {
	__u64 address; /* in user space */
	__u64 bytes;
};

/**
 * struct perfbuf_write - many records in one request
 * @parts:    user address of an array of struct perfbuf_write_part
 * @count:    of parts
 * @reserved: 0
 *
 * Returns how many records were made; an error if it is the first that fails.
 */
struct perfbuf_write {
	__u64 parts;
	__u32 count;
	__u32 reserved;
};

#define PERFBUF_IOC_WRITE _IOW(PERFBUF_IOC_MAGIC, 15, struct perfbuf_write)

/*
 * mmap() at this offset, one page, PROT_READ, MAP_SHARED: struct
 * perfbuf_ring_stats of the ring that the file writes to (EINVAL while it has
 * none). The page may be kept after the data area was unmapped.
 */
#define PERFBUF_MMAP_STATS (1ULL << 40)

/* The causes of a loss: indices of perfbuf_ring_stats.lost and of read(). */
#define PERFBUF_LOST_FULL      0 /* the reader had not freed space */
#define PERFBUF_LOST_PAUSED    1 /* PERF_EVENT_IOC_PAUSE_OUTPUT */
#define PERFBUF_LOST_TOO_BIG   2 /* larger than the ring or than a record may be */
#define PERFBUF_LOST_RECURSION 3 /* the source was re-entered in the same context */
#define PERFBUF_LOST_NO_RING   4 /* nothing was mapped */
#define PERFBUF_LOST_CONTEXT   5 /* it came from a context that the source had not declared */
#define PERFBUF_LOST_CAUSES    6 /* how many there are; may grow */

/*
 * A bit of attr.read_format beside PERF_FORMAT_*: read() appends a number n and
 * then n counts, the records that this file lost by each cause since it was
 * opened. Their sum without PERFBUF_LOST_NO_RING is that of PERF_FORMAT_LOST.
 */
#define PERFBUF_FORMAT_LOST_CAUSES (1ULL << 63)

/**
 * struct perfbuf_ring_stats - counts of a ring since it was created
 * @size:        of this structure as the module knows it; it may grow
 * @version:     0
 * @records:     written, without PERF_RECORD_LOST
 * @bytes:       of all records, PERF_RECORD_LOST included
 * @lost:        records not written, by cause
 * @wakeups:     sent to readers
 * @high_water:  bytes; the most that was unread at once (0 in overwrite mode)
 * @nesting:     the most writers that interrupted each other
 * @longest:     ns; the longest time from begin to commit
 * @aux_bytes:   of the AUX stream, published
 * @aux_truncated: AUX transactions that were cut short or found no space
 * @aux_nested:  AUX transactions that were refused because another was open
 *
 * @high_water, @nesting and @longest are counted from the first mmap() of this page on. Each field
 * is written whole; they are not a snapshot of one moment.
 */
struct perfbuf_ring_stats {
	__u32 size;
	__u32 version;
	__u64 records;
	__u64 bytes;
	__u64 lost[8];
	__u64 wakeups;
	__u64 high_water;
	__u64 nesting;
	__u64 longest;
	__u64 aux_bytes;
	__u64 aux_truncated;
	__u64 aux_nested;
};

#endif /* _UAPI_LINUX_PERFBUF_H */
