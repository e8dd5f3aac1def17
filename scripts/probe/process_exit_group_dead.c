// SPDX-License-Identifier: GPL-2.0
/* The tracepoint sched_process_exit says whether the last thread of its process exits (6.16). */
#include <trace/events/sched.h>

void probe(void *data, struct task_struct *task, bool group_dead);
void check(void);
void check(void)
{
	check_trace_callback_type_sched_process_exit(probe);
}
