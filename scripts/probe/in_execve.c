// SPDX-License-Identifier: GPL-2.0
/* Whether current->in_execve exists (6.1 to 7.3), which distinguishes a change of comm by exec from
 * one by prctl. */
#include <linux/sched.h>

int probe(void);
int probe(void)
{
	return current->in_execve;
}
