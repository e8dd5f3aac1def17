/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/perfbuf/<source> and /sys/class/perfbuf/<source>: a C ABI of plain types. */
#ifndef PERFBUF_GLUE_NODE_H
#define PERFBUF_GLUE_NODE_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pb_node_event {
	const char *name;
	const char *format;
	unsigned long format_bytes;
	unsigned int id;
};

/* The description of a device node. Its pointers stay valid until pb_node_destroy() has returned.
 */
struct pb_node {
	const char *name;
	void *source; /* for perfbuf_source_show() */
	const struct pb_node_event *events;
	unsigned int event_count;
	unsigned int minor;
	unsigned int mode; /* permissions; the owner is root */
};

/*
 * Makes the node and its directory in sysfs; the uevent is sent when both are complete. *@made is
 * the argument of pb_node_destroy(). 0 or a negative errno. Process context, may sleep.
 */
int pb_node_create(const struct pb_node *wanted, void **made) PB_NOEXCEPT;
/* Waits for readers of the directory. Process context, may sleep. */
void pb_node_destroy(void *made) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_NODE_H */
