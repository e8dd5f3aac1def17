// SPDX-License-Identifier: GPL-2.0
/* current->in_execve, by which one tells exec's comm change from prctl's (6.1 to 7.3 have it). */
#include <linux/sched.h>

int probe(void);
int probe(void)
{
	return current->in_execve;
}
