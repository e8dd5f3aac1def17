/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events on each CPU without a pause: a thread emits, and raises a hard irq on its own CPU and an
 * NMI on another one, which emit as well. A driver says how one event is emitted.
 */
#ifndef PERFBUF_TEST_EMITTERS_H
#define PERFBUF_TEST_EMITTERS_H

#include <linux/types.h>

/* As the events' field "context" has it. */
enum emit_context { task, irq = 2, nmi, contexts };

/* By the number alone, so that a reader knows it. */
static inline u64 check_of(u64 number, unsigned int cpu, unsigned int context)
{
	return (number * 0x9e3779b97f4a7c15ULL) ^ (cpu << 8) ^ context;
}

/*
 * Process context. @emit is called in that context, with preemption off. 0 or a negative errno.
 */
int emitters_init(void (*emit)(enum emit_context context));
/* Process context. */
void emitters_exit(void);

/* Process context. 0 or a negative errno. */
int emitters_start(void);
/* Process context. On return nothing is emitted any more, in an NMI that was on its way either. */
void emitters_stop(void);

#endif
