// SPDX-License-Identifier: GPL-2.0
/*
 * Random histories of the ring against its contract (history.hpp).
 *
 *	ring_oracle [--plan TEXT] [--seeds N] [--first SEED] [--trace]
 *
 * Each plan is run with the seeds 1 to N (default 3000). Of a plan that breaks a
 * promise, the shortest history that was found is printed: --plan and --first repeat
 * it, --trace shows its steps. Exits with 1 if a promise was broken.
 */
#include "history.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

using namespace perfbuf::oracle;

namespace
{

const plan plans[] = {
	{.name = "records of every size, and a reader", .requests = 16, .counts = true},
	{.name = "nested writers", .interrupts = 8},
	{.name = "nested writers, requests and counts",
	 .interrupts = 10,
	 .requests = 6,
	 .counts = true},
	{.name = "records that are given up", .discards = 3},
	{.name = "records that are given up, nested", .interrupts = 10, .discards = 4},
	{.name = "only a full ring wakes", .discards = 4, .whole_watermark = true},
	{.name = "only a full ring wakes, nested",
	 .interrupts = 8,
	 .discards = 3,
	 .reads = 8,
	 .whole_watermark = true},
	{.name = "records that fill the ring and are given up, and only a full ring wakes",
	 .interrupts = 8,
	 .discards = 3,
	 .whole_watermark = true,
	 .extremes = true},
	{.name = "large records, then small ones", .large_then_small = true},
	{.name = "latency", .requests = 16, .latency = true},
	{.name = "latency, whose alarm fires on another CPU, and records that are given up",
	 .interrupts = 16,
	 .discards = 3,
	 .latency = true,
	 .far_alarms = 16},
	{.name = "only an alarm on another CPU wakes, and records are given up",
	 .discards = 3,
	 .latency = true,
	 .far_alarms = 8,
	 .whole_watermark = true},
	{.name = "the writer goes on while an alarm fires on another CPU",
	 .discards = 8,
	 .latency = true,
	 .far_writes = 1},
	{.name = "records that are lost within others",
	 .interrupts = 20,
	 .reads = 3,
	 .too_large = true,
	 .steps = 1000},
	{.name = "a full ring that is read and written at any access",
	 .interrupts = 12,
	 .far_reads = 12,
	 .extremes = true,
	 .steps = 600},
	{.name = "another CPU reads at any access",
	 .interrupts = 16,
	 .discards = 8,
	 .far_reads = 16},
	{.name = "pauses and losses", .interrupts = 16, .discards = 8, .pauses = 8, .flushes = 8},
	{.name = "statistics that are mapped at any time",
	 .interrupts = 16,
	 .discards = 8,
	 .watches = 6,
	 .overwrite = true},
	{.name = "wakeups that are switched off and on",
	 .discards = 6,
	 .counts = true,
	 .silences = 10},
	{.name = "overwrite mode",
	 .interrupts = 16,
	 .discards = 6,
	 .requests = 16,
	 .counts = true,
	 .pauses = 16,
	 .overwrite = true},
	{.name = "everything",
	 .interrupts = 16,
	 .discards = 8,
	 .requests = 16,
	 .counts = true,
	 .latency = true,
	 .far_alarms = 64,
	 .far_reads = 64,
	 .pauses = 16,
	 .watches = 64,
	 .flushes = 16,
	 .silences = 32,
	 .overwrite = true,
	 .steps = 200},
};

/* Whether all of them kept their promises. */
bool run(const plan &planned, unsigned long long first, unsigned long long seeds, bool trace)
{
	struct finding {
		unsigned long long histories = 0;
		unsigned long long seed = 0;
		unsigned steps = ~0u;
	};
	std::map<std::string, finding> findings;

	for (unsigned long long seed = first; seed < first + seeds; seed++) {
		history history(planned, seed, trace);

		history.run();

		const char *broken = history.end();

		if (!broken)
			continue;

		finding &here = findings[broken];

		here.histories++;
		if (history.steps() < here.steps) {
			here.steps = history.steps();
			here.seed = seed;
		}
	}
	std::printf("%8llu histories  %s\n", seeds, planned.name);
	for (const auto &[broken, here] : findings)
		std::printf("  FAILED in %llu: %s\n          --plan '%s' --first %llu --seeds 1 "
			    "--trace: %u steps\n",
			    here.histories, broken.c_str(), planned.name, here.seed, here.steps);
	std::fflush(stdout);
	return findings.empty();
}

} // namespace

int main(int argc, char **argv)
{
	const char *wanted = "";
	unsigned long long first = 1, seeds = 3000;
	bool trace = false, whole = true;

	for (int i = 1; i < argc; i++) {
		if (!std::strcmp(argv[i], "--trace"))
			trace = true;
		else if (i + 1 == argc)
			return 2;
		else if (!std::strcmp(argv[i], "--plan"))
			wanted = argv[++i];
		else if (!std::strcmp(argv[i], "--seeds"))
			seeds = std::strtoull(argv[++i], nullptr, 0);
		else if (!std::strcmp(argv[i], "--first"))
			first = std::strtoull(argv[++i], nullptr, 0);
		else
			return 2;
	}

	unsigned ran = 0;

	for (const plan &plan : plans) {
		/* A name in full is that plan, a part of names all that have it. */
		if (!std::strstr(plan.name, wanted))
			continue;
		if (seeds == 1 && std::strcmp(plan.name, wanted))
			continue;
		ran++;
		whole &= run(plan, first, seeds, trace);
	}
	return !ran || !whole;
}
