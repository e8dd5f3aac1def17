/* SPDX-License-Identifier: GPL-2.0 */
/* Work after a grace period: C's side of cxxrt_defer. For C only. */
#ifndef PERFBUF_GLUE_DEFER_H
#define PERFBUF_GLUE_DEFER_H

#include <linux/workqueue.h>

struct pb_defer {
	struct rcu_work work;
	void (*reclaim)(void *work);
};

/* Module load and unload; stopping waits for all that was deferred. */
int pb_defer_start(void);
void pb_defer_stop(void);

#endif /* PERFBUF_GLUE_DEFER_H */
