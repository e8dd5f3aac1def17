/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctl(2) requests of a benchmark's module: a table of commands, and the function that
 * executes one. */
#ifndef BENCH_REQUEST_H
#define BENCH_REQUEST_H

#include <linux/mutex.h>
#include <linux/types.h>

/* The largest structure of a request. */
#define BENCH_REQUEST_MAX 128

/* A command of ioctl(2), and the function that executes it on a copy of its argument: 0 or a
 * negative errno. */
struct bench_request {
	unsigned int command;
	long (*execute)(void *argument);
};

/* Held while a request is executed. */
extern struct mutex bench_mutex;

/*
 * Executes one request: copies its argument in, calls the function of @command, and copies the
 * argument back if that returned 0. Returns 0 or a negative errno; -ENOTTY: @requests does not have
 * @command. Process context.
 */
long bench_execute(const struct bench_request *requests, size_t count, unsigned int command,
		   unsigned long argument);

/*
 * Calls @prepare, then trace_steps() of @call, both with @argument, and copies the text to user
 * memory of @space bytes at @to. Returns how many characters, or a negative errno. Process context.
 */
long bench_trace_steps(void (*prepare)(void *argument), void (*call)(void *argument),
		       void *argument, u64 to, u32 space);

#endif
