/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The C++ functions that the C glue calls: the module's life and the file operations.
 * Process context, may sleep, unless a line says otherwise. A negative return is
 * an errno.
 */
#ifndef PERFBUF_GLUE_ENTRY_H
#define PERFBUF_GLUE_ENTRY_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Publishes and withdraws the sources in the box; the typed pair does it for those with typed
 * events. */
int perfbuf_init(void) PB_NOEXCEPT;
void perfbuf_exit(void) PB_NOEXCEPT;
int perfbuf_typed_init(void) PB_NOEXCEPT;
void perfbuf_typed_exit(void) PB_NOEXCEPT;

/* open(2) of /dev/perfbuf/<source @minor>: a new file in *@out. */
int perfbuf_file_open(unsigned int minor, void **out) PB_NOEXCEPT;
/* The last reference of the open file has gone, its mappings with it. */
void perfbuf_file_release(void *file) PB_NOEXCEPT;
/* read(2) into @user_buffer. Returns the number of bytes. */
long perfbuf_file_read(void *file, __u64 user_buffer, unsigned long bytes) PB_NOEXCEPT;
/* write(2), or one part of a writev(2). Returns @bytes. */
long perfbuf_file_write(void *file, __u64 user_buffer, unsigned long bytes) PB_NOEXCEPT;
/* @filp: the struct file, for the rights it was opened with. */
long perfbuf_file_ioctl(void *file, void *filp, unsigned int request,
			unsigned long argument) PB_NOEXCEPT;
/* The request that a 64-bit caller would have made: some sizes are those of pointers. Any context.
 */
unsigned int perfbuf_compat_request(unsigned int request) PB_NOEXCEPT;
/* POLLIN, POLLHUP, POLLERR. */
unsigned int perfbuf_file_poll(void *file) PB_NOEXCEPT;
/* The wait_queue_head_t and the fasync list of the file. Any context. */
void *perfbuf_file_waitqueue(void *file) PB_NOEXCEPT;
void **perfbuf_file_fasync(void *file) PB_NOEXCEPT;

/* mmap(2): what the caller requests; C++ does not look into @vma. Under mmap_lock. On success
 * *@mapping is the C++ object of the VMA. */
struct pb_vma_request {
	void *vma;
	unsigned long bytes;
	unsigned long page_offset;
	int is_shared;
	int is_writable;
};
int perfbuf_file_mmap(void *file, const struct pb_vma_request *request, void **mapping) PB_NOEXCEPT;
/* The VMA was copied (mremap), or has gone. Under mmap_lock. */
void perfbuf_mapping_open(void *file, void *mapping, unsigned long page_offset) PB_NOEXCEPT;
void perfbuf_mapping_close(void *file, void *mapping, unsigned long page_offset) PB_NOEXCEPT;

/* sysfs: writes at most @bytes of text for attribute @name of a source (pb_node.source), as the
 * caller may see it. EPERM: only a process that may trace may read it. */
long perfbuf_source_show(void *source, const char *name, char *to, unsigned long bytes) PB_NOEXCEPT;

/* sysfs: a write of @text, with its NUL, to attribute @name. 0 or a negative errno. */
long perfbuf_source_store(void *source, const char *name, const char *text) PB_NOEXCEPT;

/* sysfs: the attribute readers, whose lines may be more than a page: the text from @position on, as
 * the process that opened @filp may see it. */
long perfbuf_readers_show(void *source, void *filp, __u64 position, char *to,
			  unsigned long bytes) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_ENTRY_H */
