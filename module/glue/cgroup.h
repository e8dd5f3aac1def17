/* SPDX-License-Identifier: GPL-2.0 */
/* Cgroups of the default hierarchy (cgroup2), and moves of tasks between them. */
#ifndef PERFBUF_GLUE_CGROUP_H
#define PERFBUF_GLUE_CGROUP_H

#include "device/task.h"
#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cgroup pb_cgroup;

/*
 * The cgroup of the directory that is open as @fd, with a reference, in *@out. A
 * descriptor that was opened with O_PATH counts. -EBADF: @fd is no open directory of cgroup2;
 * -ENOENT: the cgroup was removed; -EINVAL: the kernel has no cgroups. Process context, may sleep.
 */
int pb_cgroup_get(int fd, pb_cgroup **out) PB_NOEXCEPT;
/* Any context but NMI. NULL is allowed. */
void pb_cgroup_put(pb_cgroup *cgroup) PB_NOEXCEPT;
/* Whether @task is in @cgroup or in one below it. Preemption off, any context. */
int pb_task_is_in(const pb_task *task, const pb_cgroup *cgroup) PB_NOEXCEPT;

/*
 * Calls perfbuf_cgroups_settle() on @cpu soon, in an interrupt, or at once if it is this CPU. The
 * caller makes no other request for @cpu until that call has begun. -ENXIO: @cpu is offline.
 * Interrupts off.
 */
int pb_cgroups_request_settle(__u32 cpu) PB_NOEXCEPT;
/* Returns when the calls that were requested have returned. Process context, sleeps. */
void pb_cgroups_settled(void) PB_NOEXCEPT;

/* C++. The current task of this CPU may have moved to another cgroup. Interrupts off. */
void perfbuf_cgroups_settle(__u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_CGROUP_H */
