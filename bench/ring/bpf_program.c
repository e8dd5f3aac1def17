// SPDX-License-Identifier: GPL-2.0
/*
 * A BPF program that writes a record of its own each time it runs: what it writes, and by which of
 * BPF's functions, is the program's (bench/ring/program/bpf.cpp). Counted is a run, not how a
 * tracepoint comes to it.
 */
#include "peers.h"

#include <linux/bpf.h>
#include <linux/filter.h>

static struct bpf_prog *program;

static int program_open(const struct ring_bench_open *wanted)
{
	program = bpf_prog_get_type_dev(wanted->fds[0], BPF_PROG_TYPE_RAW_TRACEPOINT, false);
	if (IS_ERR(program)) {
		const int ret = PTR_ERR(program);

		program = NULL;
		return ret;
	}
	/* An interpreter is not what is compared. */
	return program->jited ? 0 : -EOPNOTSUPP;
}

static void program_close(void)
{
	if (program)
		bpf_prog_put(program);
	program = NULL;
}

/* The context of a raw tracepoint is its arguments. Theirs is the count: the rest a program knows.
 */
static __always_inline bool run_one(const u64 *payload, u32 bytes)
{
	const u64 arguments[1] = {payload[0]};

	return bpf_prog_run(program, arguments) == 1;
}

DEFINE_WRITE(program_write, run_one)

const struct peer bpf_program_peer = {
	.name = "bpf_program",
	.open = program_open,
	.close = program_close,
	.write = program_write,
};
