// SPDX-License-Identifier: GPL-2.0
/* Pending hrtimers are in a tree whose nodes are linked, too (since 7.2 at the latest). bench/clock
 * walks them. */
#include <linux/hrtimer.h>
#include <linux/timerqueue.h>

struct timerqueue_linked_node *probe(struct hrtimer *timer);
struct timerqueue_linked_node *probe(struct hrtimer *timer)
{
	return timerqueue_linked_next(&timer->node);
}
