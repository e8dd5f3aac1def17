/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that the device calls in the kernel: a C ABI of plain types. Process context,
 * may sleep, unless a line says otherwise. ring/pages.h has those of the ring,
 * the header beside each glue file those of the sources.
 */
#ifndef PERFBUF_GLUE_GLUE_H
#define PERFBUF_GLUE_GLUE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ chrdev.c */

/* Sources are numbered below this. */
#define PB_MINORS 256

/* The struct file of the caller's descriptor @fd, which goes to pb_fd_put; NULL: there is none, or
 * it is of O_PATH. */
void *pb_fd_get(int fd) PB_NOEXCEPT;
void pb_fd_put(void *filp) PB_NOEXCEPT;
/* The object that its opening made of @filp, if it is a file of ours; NULL: it is another one. */
void *pb_file_object(void *filp) PB_NOEXCEPT;
/* @filp was opened for reading, for writing. */
int pb_file_is_readable(void *filp) PB_NOEXCEPT;
int pb_file_is_writable(void *filp) PB_NOEXCEPT;
/* wait_queue_head_t of PB_SIZEOF_WAITQUEUE bytes. */
void pb_waitqueue_init(void *waitqueue) PB_NOEXCEPT;
/* Wakes pollers and sends SIGIO to *@fasync's owners (@hangup: as POLL_HUP). Any context but NMI.
 */
void pb_file_wake(void *waitqueue, void **fasync, int hangup) PB_NOEXCEPT;

/* ------------------------------------------------------------------ cred.c */

/* CAP_PERFMON or CAP_SYS_ADMIN of the caller. */
int pb_may_trace(void) PB_NOEXCEPT;
/* The same of the credentials that @filp was opened with. */
int pb_file_may_trace(void *filp) PB_NOEXCEPT;
/* Kernel lockdown forbids kernel data (lockdown=confidentiality). */
int pb_locked_down(void) PB_NOEXCEPT;

/* The user of the caller: one pointer for all processes of a user. With a reference. */
void *pb_user_get_current(void) PB_NOEXCEPT;
void pb_user_put(void *user) PB_NOEXCEPT;
/* uid 0 of the initial user namespace. */
int pb_user_is_root(const void *user) PB_NOEXCEPT;
/* CAP_SYS_RESOURCE of the caller. */
int pb_may_exceed_limits(void) PB_NOEXCEPT;
/* CAP_PERFMON or CAP_SYS_ADMIN of the caller, without a line in the audit log if it has neither. */
int pb_may_trace_noaudit(void) PB_NOEXCEPT;
/* The user of the caller, and of the credentials that @filp was opened with. Take no reference: the
 * pointer is valid until the system call returns. */
const void *pb_user_current(void) PB_NOEXCEPT;
const void *pb_user_of_file(const void *filp) PB_NOEXCEPT;

/* The pages that the caller has locked, in the counters that perf charges, too. */
struct pb_locked_memory {
	unsigned long user_pages; /* of its user, perf's and ours */
	unsigned long mm_pages;	  /* of its mm: pinned_vm */
	unsigned long mm_limit;	  /* RLIMIT_MEMLOCK */
};
void pb_locked_memory_read(struct pb_locked_memory *out) PB_NOEXCEPT;
/* CAP_IPC_LOCK of the caller. */
int pb_may_lock_memory(void) PB_NOEXCEPT;
/* Adds charge->user_pages and ->mm_pages to the counters of the caller's user and mm, and holds
 * both for pb_uncharge_pages(). */
void pb_charge_pages(struct pb_charge *charge) PB_NOEXCEPT;
void pb_uncharge_pages(const struct pb_charge *charged) PB_NOEXCEPT;

/* ------------------------------------------------------------------ mapping.c */

/*
 * Maps the page of @frame at page @index of the VMA, read-only for user space; a write calls
 * pfn_mkwrite(), which allows it for page 0. Under mmap_lock.
 */
int pb_vma_insert(void *vma, unsigned long index, unsigned long frame) PB_NOEXCEPT;
/* Unmaps all pages of the VMA. */
void pb_vma_clear(void *vma) PB_NOEXCEPT;

/* ------------------------------------------------------------------ uaccess.c */

/* 0 or -EFAULT. */
int pb_copy_to_user(__u64 to, const void *from, unsigned long bytes) PB_NOEXCEPT;
int pb_copy_from_user(void *to, __u64 from, unsigned long bytes) PB_NOEXCEPT;
/* A string, with its NUL @bytes at most. 0, -EFAULT or -EINVAL (longer). */
int pb_copy_text_from_user(char *to, __u64 from, unsigned long bytes) PB_NOEXCEPT;
/*
 * A structure that grows: @user_bytes of it are at @from, @known_bytes in @to. What user space does
 * not have is zero; -E2BIG if what we do not know is not.
 */
int pb_copy_struct_from_user(void *to, unsigned long known_bytes, __u64 from,
			     unsigned long user_bytes) PB_NOEXCEPT;
/* Whether a signal waits for the calling task: a call that can return early should. */
bool pb_signal_is_pending(void) PB_NOEXCEPT;

/* ------------------------------------------------------------------ module.c */

/* Module parameters, read at each use. */
unsigned long pb_param_mlock_kib(void) PB_NOEXCEPT;
unsigned long pb_param_max_sample_rate(void) PB_NOEXCEPT;
unsigned long pb_param_ring_pages_max(void) PB_NOEXCEPT;
unsigned long pb_param_aux_pages_max(void) PB_NOEXCEPT;
unsigned long pb_param_total_pages_max(void) PB_NOEXCEPT;
unsigned int pb_param_event_readers_max(void) PB_NOEXCEPT;
unsigned long pb_param_user_percent(void) PB_NOEXCEPT;
unsigned long pb_param_root_percent(void) PB_NOEXCEPT;
unsigned long pb_param_user_events_max(void) PB_NOEXCEPT;
unsigned long pb_param_user_rings_max(void) PB_NOEXCEPT;
unsigned long pb_param_user_members_max(void) PB_NOEXCEPT;
unsigned long pb_param_task_events_max(void) PB_NOEXCEPT;
unsigned long pb_param_ring_files_max(void) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_GLUE_H */
