/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The flight recorder (docs/recorder.md): how a recorder lies in memory, what a
 * snapshot of one looks like, and the requests of /dev/perfbuf_recorders.
 *
 * In memory a recorder is found by its page: it begins at a page boundary with
 * PERFBUF_RECORDER_MAGIC, names its own page frame, and has a CRC. The page
 * names the page frames of the description, the description those of the rings.
 * Only the three words of a CPU and the data of its ring change after the
 * recorder was made. All numbers are little-endian.
 */
#ifndef _UAPI_LINUX_PERFBUF_RECORDER_H
#define _UAPI_LINUX_PERFBUF_RECORDER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PERFBUF_RECORDER_VERSION 1
#define PERFBUF_RECORDER_MAGIC	 "perfbufRECORDER" /* 16 bytes with its NUL */
#define PERFBUF_SNAPSHOT_MAGIC	 "perfbufSNAPSHOT"
#define PERFBUF_PERSIST_VERSION	 1
#define PERFBUF_PERSIST_MAGIC	 "perfbufPERSISTS"
#define PERFBUF_RECORDER_FRAMES	 506
#define PERFBUF_RECORDER_MARKS	 32
#define PERFBUF_RECORDER_PAGE	 4096

/**
 * struct perfbuf_recorder_page - a whole page
 * @magic:             PERFBUF_RECORDER_MAGIC
 * @version:           PERFBUF_RECORDER_VERSION
 * @crc:               CRC-32 (as of zlib) of the page with this field 0
 * @frame:             the page frame of this page
 * @description_bytes: of struct perfbuf_recorder_description and what it names
 * @description_crc:   CRC-32 of these bytes
 * @frame_count:       of @frames
 * @frames:            the page frames of the description
 */
struct perfbuf_recorder_page {
	__u8 magic[16];
	__u32 version;
	__u32 crc;
	__u64 frame;
	__u64 description_bytes;
	__u32 description_crc;
	__u32 frame_count;
	__u64 frames[PERFBUF_RECORDER_FRAMES];
};

/**
 * struct perfbuf_recorder_description - what a recorder is
 * @bytes:         of this structure
 * @version:       PERFBUF_RECORDER_VERSION
 * @source:        the name of the source, with its NUL
 * @number:        of the recorder, since the module was loaded
 * @bytes_per_cpu: of each ring
 * @clock_ns:      perf's clock when the recorder was made; records have times of it
 * @realtime_ns:   CLOCK_REALTIME at that moment
 * @cpu_count:     of struct perfbuf_recorder_cpu at @cpus_at, from the start of this
 * @event_count:   of struct perfbuf_recorder_event at @events_at
 */
struct perfbuf_recorder_description {
	__u32 bytes;
	__u32 version;
	char source[32];
	__u64 number;
	__u64 bytes_per_cpu;
	__u64 clock_ns;
	__u64 realtime_ns;
	__u32 cpu_count;
	__u32 event_count;
	__u32 cpus_at;
	__u32 events_at;
};

/**
 * struct perfbuf_recorder_cpu - the ring of a CPU, which is overwritten forwards
 * @cpu:          its number
 * @page_count:   pages of data, 2^n
 * @published_at: physical address of a __u64: the end of the last complete record
 * @reserved_at:  physical address of a __u64: the end of the last record that was begun
 * @marks_at:     physical address of __u64[PERFBUF_RECORDER_MARKS]: positions where records begin
 * @frames_at:    from the start of the description: the page frames of the data, __u64 each
 *
 * A position is a number of bytes since the start; it stands in the data at position modulo size.
 */
struct perfbuf_recorder_cpu {
	__u32 cpu;
	__u32 page_count;
	__u64 published_at;
	__u64 reserved_at;
	__u64 marks_at;
	__u32 frames_at;
	__u32 reserved;
};

/**
 * struct perfbuf_recorder_event - an event of the source
 * @id:           what the payload begins with
 * @format_at:    from the start of the description: the text of events/<event>/format
 * @format_bytes: of it
 */
struct perfbuf_recorder_event {
	__u32 id;
	__u32 format_at;
	__u32 format_bytes;
	__u32 reserved;
};

/**
 * struct perfbuf_persist_header - how the memory begins that keeps recorders over a reboot
 * @magic:   PERFBUF_PERSIST_MAGIC
 * @version: PERFBUF_PERSIST_VERSION
 * @crc:     CRC-32 of this structure with this field 0
 * @address: physical address of this structure
 * @bytes:   of the memory, this included; whole pages
 *
 * It has a page of its own. Behind it are recorders, found by their pages, with all that belongs to
 * them: no frame and no address that they name is outside.
 */
struct perfbuf_persist_header {
	__u8 magic[16];
	__u32 version;
	__u32 crc;
	__u64 address;
	__u64 bytes;
};

/*
 * A snapshot: this, the description, 8-byte aligned, and for each CPU of it in that order struct
 * perfbuf_snapshot_cpu and the data.
 */
struct perfbuf_snapshot_header {
	__u8 magic[16]; /* PERFBUF_SNAPSHOT_MAGIC */
	__u32 version;
	__u32 description_crc;
	__u64 bytes; /* of the snapshot */
	__u64 description_bytes;
};

/**
 * struct perfbuf_snapshot_cpu - the words of a CPU
 * @published: before its data was copied
 * @reserved:  after its data was copied: what is older by the size of the ring was overwritten
 * @marks:     before
 */
struct perfbuf_snapshot_cpu {
	__u32 cpu;
	__u32 page_count;
	__u64 published;
	__u64 reserved;
	__u64 marks[PERFBUF_RECORDER_MARKS];
};

/*
 * Requests of /dev/perfbuf_recorders, which takes CAP_PERFMON to open. read() gives a line for each
 * recorder: number= source= state= bytes_per_cpu= cpus= events= snapshot_bytes=, and persist=1 if it
 * is in memory that survives a reboot.
 */
#define PERFBUF_RECORDERS_MAGIC 0xBD

/**
 * struct perfbuf_snapshot - copies a recorder while its writers go on
 * @number: of the recorder
 * @buffer: user address
 * @bytes:  of the buffer; on return, of the snapshot
 *
 * Errors: ENOENT (there is no such recorder), ENOSPC (the buffer is too small; @bytes says what it
 * takes), EFAULT, EPERM (lockdown).
 */
struct perfbuf_snapshot {
	__u64 number;
	__u64 buffer;
	__u64 bytes;
};

#define PERFBUF_IOC_SNAPSHOT _IOWR(PERFBUF_RECORDERS_MAGIC, 0, struct perfbuf_snapshot)
/* Frees a recorder whose source has unregistered: @argument points to its number. ENOENT; EBUSY: its
 * source is registered. */
#define PERFBUF_IOC_FREE_RECORDER _IOW(PERFBUF_RECORDERS_MAGIC, 1, __u64)

/**
 * struct perfbuf_previous_boot - copies the memory of perfbuf.persist= as the boot before left it
 * @buffer:  user address
 * @bytes:   of the buffer; on return, of the memory
 * @address: on return, the physical address of the memory
 *
 * The kernel has checked nothing of it but the magic. Errors: ENXIO (perfbuf.persist= is not given),
 * ENODATA (it held nothing), EBADMSG (what it held is not perfbuf's), ENOSPC (the buffer is too small;
 * @bytes says what it takes), EFAULT, EPERM (lockdown).
 */
struct perfbuf_previous_boot {
	__u64 buffer;
	__u64 bytes;
	__u64 address;
};

#define PERFBUF_IOC_PREVIOUS_BOOT _IOWR(PERFBUF_RECORDERS_MAGIC, 8, struct perfbuf_previous_boot)

#endif /* _UAPI_LINUX_PERFBUF_RECORDER_H */
