// SPDX-License-Identifier: GPL-2.0
/*
 * Has perfbuf_ring_bench.ko write batches of records to each peer, reads each batch back, checks
 * that it is what was to be written, and prints a table (Markdown) of what a record cost.
 */
#include "../ring_bench.h"
#include "reader.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>

namespace
{

struct row {
	const char *peer; /* as the module knows it */
	unsigned mode;
	const char *what;
	unsigned most_bytes = 4096; /* the largest record that it takes */
	/* Of a typed event, of 64 bytes: who listens, and the peer's name in a table of their own.
	 */
	std::unique_ptr<reader> (*listener)() = nullptr;
	bool silent = false; /* and nothing is written */
};

constexpr row rows[] = {
	{"memcpy", 0, "memcpy of a size that is known"},
	{"memcpy_call", 0, "memcpy of a size that is not"},
	{"relay_reserve", 0, "relay_reserve, memcpy"},
	{"relay_write", 0, "relay_write"},
	{"bpf_reserve", 0, "bpf_ringbuf_reserve, memcpy, submit: BPF_RB_NO_WAKEUP"},
	{"bpf_reserve", RING_BENCH_ADAPTIVE, "... as the reader needs"},
	{"bpf_output", 0, "bpf_ringbuf_output: BPF_RB_NO_WAKEUP"},
	{"perf", 0, "perf_output_begin, copy, end"},
	{"perf", RING_BENCH_OVERWRITE, "... overwrite"},
	{"perf", RING_BENCH_OVERWRITE | RING_BENCH_BACKWARD, "... overwrite, backward"},
	{"ftrace_reserve", 0, "ring_buffer_lock_reserve, memcpy, unlock_commit", 2048},
	{"ftrace_write", 0, "ring_buffer_write", 2048},
	{"ours_reserve", 0, "perfbuf: reserve, memcpy, commit"},
	{"ours_reserve", RING_BENCH_OVERWRITE, "... overwrite"},
	{"ours_reserve", RING_BENCH_OVERWRITE | RING_BENCH_BACKWARD, "... overwrite, backward"},
	{"ours_inline", 0, "perfbuf: begin, copy, end inline"},
	{"ours_copy", 0, "perfbuf: begin, copy, end"},
	{"ours_copy", RING_BENCH_OVERWRITE, "... overwrite"},
	{"ours_copy", RING_BENCH_OVERWRITE | RING_BENCH_BACKWARD, "... overwrite, backward"},
};

constexpr row typed_rows[] = {
	{"tracepoint", 0, "TRACE_EVENT, nobody listens", 64, [] { return open_nobody(); }, true},
	{"tracepoint", 0, "TRACE_EVENT to ftrace", 64, [] { return open_ftrace(); }},
	{"tracepoint", 0, "TRACE_EVENT to perf: RAW", 64, [] { return open_tracepoint(true); }},
	{"tracepoint", 0, "... RAW TIME TID CPU", 64, [] { return open_tracepoint(false); }},
	{"typed", 0, "perfbuf_emit, nobody listens", 64, [] { return open_nobody(); }, true},
	{"typed", 0, "perfbuf_emit: RAW", 64, [] { return open_typed(true, false); }},
	{"typed", 0, "... RAW TIME TID CPU", 64, [] { return open_typed(false, false); }},
	{"typed", 0, "... RAW, a ring in one piece", 64, [] { return open_typed(true, true); }},
	{"typed", 0, "... RAW TIME TID CPU, a ring in one piece", 64,
	 [] { return open_typed(false, true); }},
};

constexpr unsigned sizes[] = {64, 8, 256, 1024, 4096};

struct figures {
	double fewest, mean, most; /* instructions of a record: the batches' and all */
};

[[noreturn]] void wrong(const row &of, const char *what)
{
	fprintf(stderr, "%s: %s\n", of.peer, what);
	exit(1);
}

/* A backward ring gives the newest first. */
void check(const row &of, const std::vector<uint64_t> &words, uint64_t first, unsigned records,
	   unsigned bytes)
{
	const size_t each = bytes / sizeof(uint64_t);

	if (words.size() != records * each)
		wrong(of, "other records came back than were written");
	for (unsigned i = 0; i < records; i++) {
		const unsigned n = of.mode & RING_BENCH_BACKWARD ? records - 1 - i : i;

		if (words[i * each] != first + n)
			wrong(of, "a record is missing or out of order");
		for (size_t word = 1; word < each; word++)
			if (words[i * each + word] != RING_BENCH_WORD(uint64_t{word}))
				wrong(of, "a record has other bytes than were written");
	}
}

std::unique_ptr<reader> open_peer(int bench, const row &of, unsigned bytes)
{
	const std::string peer = of.peer;
	std::unique_ptr<reader> records;

	if (peer == "perf")
		records = open_perf(of.mode);
	else if (of.listener)
		records = of.listener();
	else if (peer.starts_with("bpf_"))
		records = open_bpf();
	else
		records = open_module(bench);

	ring_bench_open wanted = {.fd = records->fd(), .mode = of.mode, .bytes = bytes};

	strcpy(wanted.peer, of.peer);
	if (ioctl(bench, RING_BENCH_OPEN, &wanted))
		fail(of.peer);
	return records;
}

/* The instructions of one record, a line each: function, address, bytes. */
void print_steps(int bench, const row &of)
{
	const std::unique_ptr<reader> records = open_peer(bench, of, 64);
	std::string text(RING_BENCH_DATA, ' ');
	ring_bench_trace wanted = {reinterpret_cast<uint64_t>(text.data()), RING_BENCH_DATA, 0};

	if (ioctl(bench, RING_BENCH_TRACE, &wanted))
		fail(of.peer);
	text.resize(wanted.bytes);
	fputs(text.c_str(), stdout);
}

figures measure(int bench, const row &of, unsigned bytes, unsigned batches)
{
	const std::unique_ptr<reader> records = open_peer(bench, of, bytes);

	/* What fits into half of a ring, with headers. */
	const unsigned in_batch = std::min(64u, RING_BENCH_DATA / 2 / (bytes + 16));
	figures found = {1e9, 0, 0};

	/* The first is not counted: a ring may have something to do at its start. */
	for (unsigned i = 0; i <= batches; i++) {
		ring_bench_write batch = {i * 1000003ull, in_batch, 0, 0};

		if (ioctl(bench, RING_BENCH_WRITE, &batch))
			fail(of.peer);
		if (batch.written != in_batch)
			wrong(of, "a record was refused");
		check(of, records->read(), batch.first, of.silent ? 0 : in_batch, bytes);
		if (!i)
			continue;

		const double each = static_cast<double>(batch.ticks) / in_batch;

		found.fewest = std::min(found.fewest, each);
		found.most = std::max(found.most, each);
		found.mean += each / batches;
	}
	return found;
}

/* Events with names and fields. The last row is the one that is compared. */
void typed_table(int bench, unsigned batches)
{
	figures found[std::size(typed_rows)];

	for (size_t i = 0; i < std::size(typed_rows); i++)
		found[i] = measure(bench, typed_rows[i], 64, batches);
	printf("\nTyped events of 64 bytes:\n\n"
	       "| an event by | instructions | of a batch | perfbuf's with TIME TID CPU over it |\n"
	       "|---|--:|--:|--:|\n");
	for (size_t i = 0; i < std::size(typed_rows); i++)
		printf("| %s | %.1f | %.1f to %.1f | %.2f |\n", typed_rows[i].what, found[i].mean,
		       found[i].fewest, found[i].most,
		       found[std::size(typed_rows) - 1].mean / found[i].mean);
	fflush(stdout);
}

void table(int bench, unsigned bytes, unsigned batches)
{
	std::optional<figures> found[std::size(rows)];
	double by_reserve = 0, by_copy = 0;

	for (size_t i = 0; i < std::size(rows); i++) {
		if (bytes > rows[i].most_bytes)
			continue;
		found[i] = measure(bench, rows[i], bytes, batches);
		if (!rows[i].mode && !strcmp(rows[i].peer, "ours_reserve"))
			by_reserve = found[i]->mean;
		if (!rows[i].mode && !strcmp(rows[i].peer, "ours_copy"))
			by_copy = found[i]->mean;
	}

	printf("\n%u bytes:\n\n", bytes);
	printf("| a record by | instructions | of a batch | reserve/commit over it | copy over it "
	       "|\n"
	       "|---|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < std::size(rows); i++) {
		if (!found[i]) {
			printf("| %s | too large | | | |\n", rows[i].what);
			continue;
		}
		printf("| %s | %.1f | %.1f to %.1f | %.2f | %.2f |\n", rows[i].what, found[i]->mean,
		       found[i]->fewest, found[i]->most, by_reserve / found[i]->mean,
		       by_copy / found[i]->mean);
	}
	fflush(stdout);
}

} // namespace

int main(int argc, char **argv)
{
	const bool quick = argc > 1 && !strcmp(argv[1], "--quick");
	const int bench = open("/proc/ring_bench", O_RDWR);

	if (bench < 0)
		fail("/proc/ring_bench");
	if (argc > 2 && !strcmp(argv[1], "--steps")) {
		const row *chosen = nullptr;

		for (const row &one : rows)
			if (!one.mode && !strcmp(one.peer, argv[2]))
				chosen = &one;
		/* Who has more than one listener: the one that is compared. */
		for (const row &one : typed_rows)
			if (!one.silent && !strcmp(one.peer, argv[2]))
				chosen = &one;
		if (!chosen)
			return 2;
		print_steps(bench, *chosen);
		return 0;
	}
	for (unsigned bytes : sizes)
		if (!quick || bytes == 64 || bytes == 4096)
			table(bench, bytes, quick ? 8 : 128);
	typed_table(bench, quick ? 8 : 128);
	return 0;
}
