// SPDX-License-Identifier: GPL-2.0
/*
 * libbpf-client perf_buffer | attach | set_bpf: what programs on libbpf do with perf_event_open(2).
 *
 *   perf_buffer  a BPF program writes into libbpf's perf_buffer, which receives every record
 *   attach       a BPF program is attached to a tracepoint by a link, and runs
 *   set_bpf      the same by PERF_EVENT_IOC_SET_BPF
 *
 * Exits with 0 if it works, else it prints the errno as perf does.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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

static int failed(const char *call)
{
	printf("%s failed with %d (%s)\n", call, errno, strerror(errno));
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

static int attach(bool by_link)
{
	const int map =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "runs", sizeof(int), sizeof(uint64_t), 1, NULL);
	const struct bpf_insn program[] = {
		/* Counts its runs in the only element of the map. */
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = 1,
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .imm = map},
		{.code = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 1},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 1, .src_reg = 2, .imm = BPF_ADD},
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

	if (map < 0)
		return failed("bpf_map_create");

	const int loaded = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "nothing", "GPL", program,
					 sizeof(program) / sizeof(*program), NULL);

	if (loaded < 0)
		return failed("bpf_prog_load");

	const int event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		return failed("perf_event_open");
	if (by_link && bpf_link_create(loaded, event, BPF_PERF_EVENT, NULL) < 0)
		return failed("bpf_link_create");
	if (!by_link && ioctl(event, PERF_EVENT_IOC_SET_BPF, loaded) < 0)
		return failed("PERF_EVENT_IOC_SET_BPF");
	if (ioctl(event, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return failed("PERF_EVENT_IOC_ENABLE");
	/* On CPU 0, to which the event belongs, there is a switch in each of these. */
	for (int i = 0; i < 100; i++) {
		const int key = 0;
		uint64_t count = 0;

		usleep(10000);
		if (!bpf_map_lookup_elem(map, &key, &count) && count)
			return 0;
	}
	printf("the program has not run\n");
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "attach"))
		return attach(true);
	if (argc == 2 && !strcmp(argv[1], "set_bpf"))
		return attach(false);
	return use_perf_buffer();
}
