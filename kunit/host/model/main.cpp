// SPDX-License-Identifier: GPL-2.0
/*
 * Explores every interleaving of the scenarios and prints how many there were. A
 * promise that is broken, or a space that is smaller than it should be, is a failure.
 *
 *	ring_model [--nesting | --wakeups | --reader | --aux | --cpus]
 *		[--fault no-rmb | no-mb | no-aux-rmb] [--mutant] [--quick] [--most N] [--only TEXT]
 *
 * --mutant: does not look at the sizes, which a changed ring changes.
 * --quick: leaves out what takes long; --most: what has more executions than N.
 * --only: the scenarios that have TEXT in their names.
 */
#include "scenario.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

using namespace perfbuf::model;

int main(int argc, char **argv)
{
	bool nesting = true, wakeups = true, reader = true, aux = true, cpus = true, sizes = true;
	perfbuf::u64 most = ~0ull;
	reader_fault fault = reader_fault::none;
	const char *only = "";

	for (int i = 1; i < argc; i++) {
		if (!std::strcmp(argv[i], "--nesting"))
			wakeups = reader = aux = cpus = false;
		else if (!std::strcmp(argv[i], "--wakeups"))
			nesting = reader = aux = cpus = false;
		else if (!std::strcmp(argv[i], "--reader"))
			nesting = wakeups = aux = cpus = false;
		else if (!std::strcmp(argv[i], "--aux"))
			nesting = wakeups = reader = cpus = false;
		else if (!std::strcmp(argv[i], "--cpus"))
			nesting = wakeups = reader = aux = false;
		else if (!std::strcmp(argv[i], "--mutant"))
			sizes = false;
		else if (!std::strcmp(argv[i], "--quick"))
			most = 70000;
		else if (!std::strcmp(argv[i], "no-rmb"))
			fault = reader_fault::no_rmb;
		else if (!std::strcmp(argv[i], "no-mb"))
			fault = reader_fault::no_mb;
		else if (!std::strcmp(argv[i], "no-aux-rmb"))
			fault = reader_fault::no_aux_rmb;
		else if (!std::strcmp(argv[i], "--most") && i + 1 < argc)
			most = std::strtoull(argv[++i], nullptr, 0);
		else if (!std::strcmp(argv[i], "--only") && i + 1 < argc)
			only = argv[++i];
		else if (std::strcmp(argv[i], "--fault"))
			return 2;
	}

	struct space {
		const char *name;
		perfbuf::u64 at_least;
		std::function<perfbuf::u64()> explore;
		unsigned cost = 1; /* of an execution */
	};
	std::vector<space> all;
	const auto add = [&](const std::vector<scenario> &scenarios) {
		for (const scenario &scenario : scenarios)
			all.push_back({scenario.name, scenario.at_least,
				       [=] { return explore(scenario, fault); }});
	};

	if (nesting)
		add(nesting_scenarios());
	if (wakeups)
		add(wakeup_scenarios());
	if (reader)
		add(reader_scenarios());
	if (aux)
		for (const aux_scenario &scenario : aux_scenarios())
			all.push_back({scenario.name, scenario.at_least,
				       [=] { return explore(scenario, fault); }, 16});
	if (cpus)
		for (const cpus_scenario &scenario : cpus_scenarios())
			all.push_back({scenario.name, scenario.at_least,
				       [=] { return explore(scenario); }});

	/* The quick ones first: they find most of what there is to find. */
	std::stable_sort(all.begin(), all.end(), [](const space &a, const space &b) {
		return a.at_least * a.cost < b.at_least * b.cost;
	});

	std::erase_if(all,
		      [=](const space &explored) { return !std::strstr(explored.name, only); });
	std::erase_if(all, [=](const space &explored) {
		return explored.at_least * explored.cost > most;
	});

	perfbuf::u64 executions = 0;
	int status = 0;

	for (const space &explored : all) {
		const auto start = std::chrono::steady_clock::now();
		const perfbuf::u64 count = explored.explore();
		const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
			std::chrono::steady_clock::now() - start);

		std::printf("%10llu executions %6lld ms  %s\n", count,
			    static_cast<long long>(ms.count()), explored.name);
		std::fflush(stdout);
		executions += count;
		if (sizes && count < explored.at_least) {
			std::fprintf(stderr, "%s: %llu executions were to be explored\n",
				     explored.name, explored.at_least);
			status = 1;
		}
	}
	std::printf("%10llu executions in %zu scenarios\n", executions, all.size());
	if (all.empty())
		std::fprintf(stderr, "no scenario is chosen\n");
	return all.empty() || status;
}
