// SPDX-License-Identifier: GPL-2.0
/* perf charges locked pages to a counter of its own, not to user->locked_vm (6.1 to 7.3). */
#include <linux/sched/user.h>

atomic_long_t *probe(struct user_struct *user);
atomic_long_t *probe(struct user_struct *user)
{
	return &user->perf_mlock;
}
