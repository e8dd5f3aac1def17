// SPDX-License-Identifier: GPL-2.0
/* The work queue system_wq is named system_percpu_wq (6.17); 7.3 warns of the old name's use. */
#include <linux/workqueue.h>

bool probe(struct work_struct *work);
bool probe(struct work_struct *work)
{
	return queue_work(system_percpu_wq, work);
}
