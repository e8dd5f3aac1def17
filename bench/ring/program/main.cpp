// SPDX-License-Identifier: GPL-2.0
/*
 * Has perfbuf_ring_bench.ko write batches of records to each peer, reads them back, checks that
 * they are what was to be written, and prints tables (Markdown) of what a record cost.
 */
#include "several.hpp"

#include <cstdio>
#include <cstring>
#include <span>

#include <fcntl.h>

namespace
{

constexpr unsigned overwrite = RING_BENCH_OVERWRITE;
constexpr unsigned newest_first = RING_BENCH_OVERWRITE | RING_BENCH_BACKWARD;
constexpr unsigned nmi = RING_BENCH_NMI;
constexpr unsigned small = 64 * 1024; /* a ring that is soon full */

constexpr row sized[] = {
	{"memcpy", 0, "memcpy of a size that is known"},
	{"memcpy_call", 0, "memcpy of a size that is not"},
	{"relay_reserve", 0, "relay_reserve, memcpy"},
	{"relay_write", 0, "relay_write"},
	{"bpf_reserve", 0, "bpf_ringbuf_reserve, memcpy, submit: BPF_RB_NO_WAKEUP", 4096, open_bpf},
	{"bpf_reserve", RING_BENCH_ADAPTIVE, "... as the reader needs", 4096, open_bpf},
	{"bpf_output", 0, "bpf_ringbuf_output: BPF_RB_NO_WAKEUP", 4096, open_bpf},
	{"bpf_program", 0, "BPF program: reserve, stores, submit", 256, open_program_reserve},
	{"bpf_program", 0, "BPF program: bpf_ringbuf_output", 4096, open_program_output},
	{"bpf_program", 0, "BPF program: bpf_perf_event_output, RAW", 4096, open_program_perf},
	{"bpf_program", 0, "... RAW TIME TID CPU", 4096, open_program_perf_time_tid_cpu},
	{"perf", 0, "perf_output_begin, copy, end", 4096, open_perf},
	{"perf", overwrite, "... overwrite", 4096, open_perf},
	{"perf", newest_first, "... overwrite, backward", 4096, open_perf},
	{.peer = "lttng",
	 .mode = 0,
	 .name = "LTTng: reserve, write, commit (time)",
	 .optional = true},
	{"ftrace_reserve", 0, "ring_buffer_lock_reserve, memcpy, unlock_commit (time)", 2048},
	{"ftrace_write", 0, "ring_buffer_write (time)", 2048},
	{"ours_reserve", 0, "perfbuf: reserve, memcpy, commit"},
	{"ours_reserve", overwrite, "... overwrite"},
	{"ours_reserve", newest_first, "... overwrite, backward"},
	{"ours_reserve_stamped", 0, "perfbuf: reserve, memcpy, commit (time)"},
	{"ours_inline", 0, "perfbuf: begin, copy, end inline"},
	{"ours_inline_stamped", 0, "perfbuf: begin, copy, end inline (time)"},
	{"ours_copy", 0, "perfbuf: begin, copy, end"},
	{"ours_copy", overwrite, "... overwrite"},
	{"ours_copy", newest_first, "... overwrite, backward"},
	{"ours_copy_stamped", 0, "perfbuf: begin, copy, end (time)"},
	{"ours_burst", 0, "perfbuf: reserve, 8 times memcpy, commit: each of a burst of 8"},
};

[[maybe_unused]] constexpr row in_nmi[] = {
	{"memcpy", nmi, "memcpy of a size that is known"},
	{"relay_reserve", nmi, "relay_reserve, memcpy (not safe there)"},
	{"bpf_reserve", nmi, "bpf_ringbuf_reserve, memcpy, submit", 4096, open_bpf},
	{"bpf_program", nmi, "BPF program: reserve, stores, submit", 256, open_program_reserve},
	{"perf", nmi, "perf_output_begin, copy, end", 4096, open_perf},
	{.peer = "lttng", .mode = nmi, .name = "LTTng (time)", .optional = true},
	{"ftrace_reserve", nmi, "ring_buffer_lock_reserve, memcpy, unlock_commit (time)"},
	{"ours_reserve", nmi, "perfbuf: reserve, memcpy, commit"},
	{"ours_reserve_stamped", nmi, "perfbuf: reserve, memcpy, commit (time)"},
	{"ours_copy", nmi, "perfbuf: begin, copy, end"},
	{"tracepoint", nmi, "TRACE_EVENT to perf: RAW TIME TID CPU", 1024, open_tracepoint},
	{"typed", nmi, "perfbuf_emit: RAW TIME TID CPU", 4096, open_typed},
	{"typed", nmi, "... a mirrored ring", 4096, open_typed_mirrored},
};

#define SLOW   .reader = reading::full, .data = small
#define ABSENT .reader = reading::never, .data = small

constexpr row by_reader[] = {
	{.peer = "bpf_reserve", .name = "slow: bpf_ringbuf_reserve", .open = open_bpf, SLOW},
	{.peer = "perf",
	 .name = "slow: perf_output_begin",
	 .open = open_perf,
	 SLOW,
	 .reports_loss = true},
	{.peer = "lttng", .name = "slow: LTTng", SLOW, .reports_loss = true, .optional = true},
	{.peer = "ftrace_reserve", .name = "slow: ring_buffer_lock_reserve", SLOW},
	{.peer = "ours_reserve", .name = "slow: perfbuf, reserve", SLOW, .reports_loss = true},
	{.peer = "ours_copy", .name = "slow: perfbuf, begin", SLOW, .reports_loss = true},
	{.peer = "perf",
	 .mode = newest_first,
	 .name = "absent: perf, backward",
	 .open = open_perf,
	 ABSENT},
	{.peer = "lttng",
	 .mode = overwrite,
	 .name = "absent: LTTng (time)",
	 ABSENT,
	 .optional = true},
	{.peer = "ftrace_reserve", .mode = overwrite, .name = "absent: ftrace (time)", ABSENT},
	{.peer = "ours_reserve",
	 .mode = newest_first,
	 .name = "absent: perfbuf, reserve, commit, backward",
	 ABSENT},
	{.peer = "ours_copy",
	 .mode = newest_first,
	 .name = "absent: perfbuf, begin, copy, end, backward",
	 ABSENT},
};

constexpr row scale[] = {
	{.peer = "ours_reserve", .name = "a ring of 64 KiB", .data = small},
	{.peer = "ours_reserve", .name = "a ring of 512 KiB"},
	{.peer = "ours_reserve", .name = "a ring of 4 MiB", .data = 4 << 20},
	{.peer = "perf", .name = "perf: a ring of 64 KiB", .open = open_perf, .data = small},
	{.peer = "perf", .name = "perf: a ring of 4 MiB", .open = open_perf, .data = 4 << 20},
	{.peer = "ours_in_turn", .name = "1 ring in turn", .data = small, .rings = 1},
	{.peer = "ours_in_turn", .name = "4 rings in turn", .data = small, .rings = 4},
	{.peer = "ours_in_turn", .name = "16 rings in turn", .data = small, .rings = 16},
	{.peer = "typed", .name = "a typed event, 1 file", .open = open_typed_raw, .data = small},
	{.peer = "typed", .name = "... 2 files", .open = open_typed_raw, .data = small, .files = 2},
	{.peer = "typed", .name = "... 4 files", .open = open_typed_raw, .data = small, .files = 4},
	{.peer = "typed", .name = "... 8 files", .open = open_typed_raw, .data = small, .files = 8},
	{.peer = "typed",
	 .name = "... 1 file, and 15 that are disabled",
	 .open = open_typed_raw,
	 .data = small,
	 .idle = 15},
};

constexpr row typed[] = {
	{.peer = "tracepoint",
	 .name = "TRACE_EVENT, no reader",
	 .most_bytes = 1024,
	 .open = open_without_reader,
	 .silent = true},
	{.peer = "tracepoint",
	 .name = "TRACE_EVENT to ftrace",
	 .most_bytes = 1024,
	 .open = open_ftrace},
	{.peer = "tracepoint",
	 .name = "TRACE_EVENT to perf: RAW",
	 .most_bytes = 1024,
	 .open = open_tracepoint_raw},
	{.peer = "tracepoint",
	 .name = "... RAW TIME TID CPU",
	 .most_bytes = 1024,
	 .open = open_tracepoint},
	{.peer = "typed",
	 .name = "perfbuf_emit, no reader",
	 .open = open_without_reader,
	 .silent = true},
	{.peer = "typed", .name = "perfbuf_emit: RAW", .open = open_typed_raw},
	{.peer = "typed", .name = "... RAW TIME TID CPU", .open = open_typed},
	{.peer = "typed", .name = "... RAW, a mirrored ring", .open = open_typed_raw_mirrored},
	{.peer = "typed",
	 .name = "... RAW TIME TID CPU, a mirrored ring",
	 .open = open_typed_mirrored},
	{.peer = "typed",
	 .name = "... RAW TIME TID CPU, the flight recorder alone",
	 .open = open_recorder},
	{.peer = "typed",
	 .name = "... the flight recorder and a reader",
	 .open = open_recorder_and_typed},
	{.peer = "typed",
	 .name = "... RAW TIME TID CPU, the flight recorder in persist= memory alone",
	 .most_bytes = 256,
	 .open = open_recorder_persisted},
	{.peer = "typed",
	 .name = "... the flight recorder in persist= memory and a reader",
	 .most_bytes = 256,
	 .open = open_recorder_persisted_and_typed},
	{.peer = "typed",
	 .name = "... RAW TIME TID CPU, 2 readers",
	 .open = open_typed,
	 .files = 2},
	{.peer = "typed", .name = "... RAW, 2 readers", .open = open_typed_raw, .files = 2},
	{.peer = "typed", .name = "... RAW, 3 readers", .open = open_typed_raw, .files = 3},
	{.peer = "typed", .name = "... RAW, a filter that matches", .open = open_typed_matches},
	{.peer = "typed",
	 .name = "... RAW, a filter that drops it",
	 .open = open_typed_dropped,
	 .silent = true},
	{.peer = "typed_burst",
	 .name = "perfbuf_emit_burst, each of 8: RAW",
	 .most_bytes = 256,
	 .open = open_typed_raw},
	{.peer = "typed_burst",
	 .name = "... RAW TIME TID CPU",
	 .most_bytes = 256,
	 .open = open_typed},
};

constexpr row readers[] = {
	{.peer = "perf",
	 .name = "perf's ring, the least loop",
	 .open = open_perf,
	 .reader = reading::counted},
	{.peer = "bpf_reserve", .name = "BPF's ring", .open = open_bpf, .reader = reading::counted},
	{.peer = "typed",
	 .name = "perfbuf's ring, the least loop",
	 .open = open_typed_raw,
	 .reader = reading::counted},
	{.peer = "typed",
	 .name = "perfbuf's ring, our library: each()",
	 .open = open_typed_at_once,
	 .reader = reading::counted},
	{.peer = "typed",
	 .name = "... next()",
	 .open = open_typed_in_steps,
	 .reader = reading::counted},
	{.peer = "perf",
	 .name = "perf's ring, our library: each()",
	 .open = open_perf_at_once,
	 .reader = reading::counted},
};

constexpr row_of_several several[] = {
	{{.peer = "memcpy_here", .name = "memcpy of a size that is known"}},
	{{.peer = "relay_reserve", .name = "relay_reserve, memcpy"}},
	{{.peer = "relay_write", .name = "relay_write"}},
	{{.peer = "bpf_reserve",
	  .name = "bpf_ringbuf_reserve, memcpy, submit: one ring for all",
	  .open = open_bpf},
	 true},
	{{.peer = "bpf_output", .name = "bpf_ringbuf_output: the same", .open = open_bpf}, true},
	{{.peer = "bpf_program",
	  .name = "BPF program: reserve, stores, submit: the same",
	  .open = open_program_reserve},
	 true},
	{{.peer = "perf_here", .name = "perf_output_begin, copy, end", .open = open_perf}},
	{{.peer = "lttng", .name = "LTTng: reserve, write, commit (time)", .optional = true}},
	{{.peer = "ftrace_reserve",
	  .name = "ring_buffer_lock_reserve, memcpy, unlock_commit (time)"}},
	{{.peer = "ours_reserve_here", .name = "perfbuf: reserve, memcpy, commit"}},
	{{.peer = "ours_copy_here", .name = "perfbuf: begin, copy, end"}},
};

/* The rows that others are compared with: a column each. */
struct column {
	const char *name;
	size_t row;
};

/* The first row with @name as its @member. */
consteval size_t find(std::span<const row> rows, const char *row::*member, std::string_view name)
{
	for (size_t i = 0; i < rows.size(); i++)
		if (rows[i].*member == name)
			return i;
	throw "no row is of that name"; /* while it is compiled */
}

consteval size_t find(std::span<const row> rows, std::string_view peer)
{
	return find(rows, &row::peer, peer);
}

constexpr column sized_columns[] = {
	{"reserve/commit over it", find(sized, "ours_reserve")},
	{"with the time", find(sized, "ours_reserve_stamped")},
	{"copy over it", find(sized, "ours_copy")},
};
[[maybe_unused]] constexpr column nmi_columns[] = {
	{"reserve/commit over it", find(in_nmi, "ours_reserve")},
	{"with the time", find(in_nmi, "ours_reserve_stamped")},
};
constexpr column slow_columns[] = {
	{"ours, refused, over it", find(by_reader, "ours_reserve")},
	{"ours, overwriting, over it", std::size(by_reader) - 2},
};
constexpr column scale_columns[] = {{"512 KiB over it", 1},
				    {"1 ring over it", find(scale, "ours_in_turn")},
				    {"1 file over it", find(scale, "typed")}};
constexpr column typed_columns[] = {
	{"perfbuf's with TIME TID CPU over it",
	 find(typed, &row::name, "... RAW TIME TID CPU, a mirrored ring")}};
constexpr column reader_columns[] = {{"our library over it", 3}};

/* Whose instructions are looked at one by one: bench-ring compares them. The first one locks, the
 * second one is a reader's with the fields of a recorder. */
constexpr const row *stepped[] = {
	&sized[find(sized, "bpf_reserve")],
	&typed[find(typed, &row::name, "perfbuf_emit: RAW") + 1],
	&typed[find(typed, &row::name, "... RAW TIME TID CPU, the flight recorder alone")],
	&typed[find(typed, &row::name,
		    "... RAW TIME TID CPU, the flight recorder in persist= memory alone")]};

constexpr unsigned sizes[] = {64, 8, 256, 1024, 4096};

void table(int bench, const char *title, std::span<const row> rows, std::span<const column> columns,
	   unsigned bytes, unsigned batches)
{
	std::vector<std::optional<figures>> found;

	for (const row &row : rows)
		found.push_back(bytes > row.most_bytes ? std::nullopt
						       : measure(bench, row, bytes, batches));

	printf("\n%s:\n\n| a record by | instructions | of a batch |", title);
	for (const column &column : columns)
		printf(" %s |", column.name);
	printf("\n|---|--:|--:|");
	for (size_t i = 0; i < columns.size(); i++)
		printf("--:|");
	printf("\n");
	for (size_t i = 0; i < rows.size(); i++) {
		printf("| %s |", rows[i].name);
		if (found[i])
			printf(" %.1f | %.1f to %.1f |", found[i]->mean, found[i]->fewest,
			       found[i]->most);
		else
			printf(" %s | |",
			       bytes > rows[i].most_bytes ? "too large" : "not for this kernel");
		for (const column &column : columns)
			if (found[i] && found[column.row])
				printf(" %.2f |", found[column.row]->mean / found[i]->mean);
			else
				printf(" |");
		printf("\n");
	}
	fflush(stdout);
}

const row *chosen(const char *peer)
{
	const row *found = nullptr;

	/* A peer with more than one row: the one that is compared; or by the whole name of the
	 * row. */
	for (std::span<const row> rows : {std::span<const row>(sized), std::span<const row>(typed)})
		for (const row &row : rows)
			if (!strcmp(row.name, peer) ||
			    (!row.mode && !row.silent && !strcmp(row.peer, peer)))
				found = &row;
	return found;
}

} // namespace

int main(int argc, char **argv)
{
	const bool quick = argc > 1 && !strcmp(argv[1], "--quick");
	const unsigned batches = quick ? 8 : 128;
	const int bench = open("/proc/ring_bench", O_RDWR);

	if (bench < 0)
		fail("/proc/ring_bench");
	if (argc > 1 && !strcmp(argv[1], "--several")) {
		const bool brief = argc > 2 && !strcmp(argv[2], "--quick");

		print_several(bench, several, std::size(several) - 2, brief ? 3 : 25,
			      brief ? 4 : 16);
		return 0;
	}
	/* For bench-ring, which disassembles them. */
	if (argc > 1 && !strcmp(argv[1], "--locks")) {
		for (const row *row : stepped) {
			printf("== steps of %s\n", row->name);
			print_steps(bench, *row);
		}
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "--steps")) {
		const row *row = chosen(argv[2]);

		if (!row)
			fail_as(std::string("no peer is called ") + argv[2] +
				": bench/ring/program/main.cpp has the rows");
		print_steps(bench, *row);
		return 0;
	}
	for (unsigned bytes : sizes)
		if (!quick || bytes == 64 || bytes == 4096)
			table(bench, (std::to_string(bytes) + " bytes").c_str(), sized,
			      sized_columns, bytes, batches);
#ifdef __x86_64__ /* where the module can send itself one */
	table(bench, "In an NMI, 64 bytes", in_nmi, nmi_columns, 64, batches);
#endif
	table(bench,
	      "Where the reader is slow (a record that is refused) or absent (overwrite), 64 bytes",
	      by_reader, slow_columns, 64, batches);
	table(bench, "Against size, rings and files, 64 bytes", scale, scale_columns, 64, batches);
	for (unsigned bytes : sizes)
		if (!quick || bytes == 64 || bytes == 4096)
			table(bench,
			      ("Typed events of " + std::to_string(bytes) + " bytes").c_str(),
			      typed, typed_columns, bytes, batches);
	table(bench, "What the reader in user space needs for a record, 64 bytes", readers,
	      reader_columns, 64, batches);
	return 0;
}
