/* SPDX-License-Identifier: GPL-2.0 */
/* The functions that the parts of perfbuf_test_source.ko call in each other. */
#ifndef PERFBUF_TEST_SOURCE_H
#define PERFBUF_TEST_SOURCE_H

#include <linux/types.h>

#include <perfbuf/producer.h>

#define TEST_EVENTS 6

/* The source /dev/perfbuf/testdev, and its events. */
extern struct perfbuf_source test_source;
extern struct perfbuf_event *const test_events[TEST_EVENTS];

/* Before the first emission, and after the last. */
int emitter_init(void);
void emitter_exit(void);

/* One of each event, with the values of @edge. */
void emit_all(int edge);
/* source_kinds.c */
void emit_kinds(int edge);
extern struct perfbuf_event kinds_event;
/* The next numbers of a context: 0 task, 1 softirq, 2 irq, 3 NMI. */
void emit_counted(u32 context);
/* A burst of @count, with the next numbers of a context. */
void emit_group(u32 context, u32 count);
/* The numbers begin anew. */
void emit_restart(void);
void emit_dump(unsigned int bytes);
void emit_recursively(void);
void emit_fixed_recursively(void);
/* On CPU 0, by work_on_cpu(). */
long storm(void *rounds);
/* A thread that emits until stop_stream(). */
int start_stream(void);
void stop_stream(void);

/* Registers the wrong source of that number; returns why it was refused. */
int register_wrong(unsigned int which);
/* Registers sources until one is refused, and takes all back. Returns what refused it. */
int register_many(void);

#endif /* PERFBUF_TEST_SOURCE_H */
