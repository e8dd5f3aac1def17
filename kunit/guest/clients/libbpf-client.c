// SPDX-License-Identifier: GPL-2.0
/*
 * libbpf-client perf_buffer | attach: what programs on libbpf do with perf_event_open(2).
 *
 *   perf_buffer  a BPF program writes into libbpf's perf_buffer, which receives every record
 *   attach       a BPF program is attached to a tracepoint
 *
 * Exits with 0 if it works, else it prints the errno as perf does.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { runs = 10, value = 42 };

static unsigned int received;

static void on_sample(void *unused, int cpu, void *data, __u32 bytes)
{
	uint64_t found;

	memcpy(&found, data, sizeof(found));
	if (bytes >= sizeof(found) && found == value)
		received++;
}

static int failed(const char *what)
{
	printf("%s failed with %d (%s)\n", what, errno, strerror(errno));
	return 1;
}

static int use_perf_buffer(void)
{
	const int map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "records", sizeof(int),
				       sizeof(int), (unsigned int)libbpf_num_possible_cpus(), NULL);
	const struct bpf_insn program[] = {
		/* The context and the record: an u64 on the stack. */
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
		{.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 10, .off = -8, .imm = value},
		/* bpf_perf_event_output(context, map, BPF_F_CURRENT_CPU, record, 8) */
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = 2,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = map},
		{.code = 0},
		{.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = 3, .imm = -1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 5, .imm = 8},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_perf_event_output},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	if (map < 0)
		return failed("bpf_map_create");

	const int loaded = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "writer", "GPL", program,
					 sizeof(program) / sizeof(*program), NULL);

	if (loaded < 0)
		return failed("bpf_prog_load");

	struct perf_buffer *buffer = perf_buffer__new(map, 8, on_sample, NULL, NULL, NULL);

	if (!buffer)
		return failed("perf_buffer__new");
	for (int i = 0; i < runs; i++) {
		uint64_t context = 0;
		LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &context,
			    .ctx_size_in = sizeof(context));

		if (bpf_prog_test_run_opts(loaded, &options))
			return failed("bpf_prog_test_run");
	}
	perf_buffer__consume(buffer);
	perf_buffer__free(buffer);
	printf("%u of %d records\n", received, runs);
	return received == runs ? 0 : 1;
}

static int attach(void)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr)};
	unsigned long long id = 0;
	FILE *file = fopen("/sys/kernel/tracing/events/sched/sched_switch/id", "r");

	if (!file || fscanf(file, "%llu", &id) != 1)
		return failed("the tracepoint's id");
	fclose(file);
	attr.config = id;

	const int loaded = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "nothing", "GPL", program,
					 sizeof(program) / sizeof(*program), NULL);

	if (loaded < 0)
		return failed("bpf_prog_load");

	const int event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		return failed("perf_event_open");
	return bpf_link_create(loaded, event, BPF_PERF_EVENT, NULL) < 0 ? failed("bpf_link_create")
									: 0;
}

int main(int argc, char **argv)
{
	return argc == 2 && !strcmp(argv[1], "attach") ? attach() : use_perf_buffer();
}
