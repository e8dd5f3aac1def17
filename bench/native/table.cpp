// SPDX-License-Identifier: GPL-2.0
/* Prints the tables of ratios of table.hpp. */
#include "table.hpp"

#include "../common/spread.hpp"

#include <cstdio>
#include <cstdlib>
#include <set>

void ratio_tables::ReportRuns(const std::vector<Run> &runs)
{
	for (const Run &run : runs) {
		if (run.error_occurred) {
			fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(),
				run.error_message.c_str());
			good_ = false;
		}
		if (run.error_occurred || run.run_type != Run::RT_Iteration)
			continue;

		const std::string &name = run.run_name.function_name;
		times &those = times_[{name, atoi(run.run_name.args.c_str()),
				       static_cast<int>(run.threads)}];

		/* Google Benchmark gives the mean of the threads' times, and the sum of their
		 * records. */
		those.push_back(run.real_accumulated_time * static_cast<double>(run.threads) /
				run.counters.at("records"));
	}
}

const ratio_tables::times *ratio_tables::of(const std::string &peer, int bytes, int threads) const
{
	const auto found = times_.find({peer, bytes, threads});

	return found == times_.end() ? nullptr : &found->second;
}

void ratio_tables::begin_table(const char *title, const char *over)
{
	printf("\n%s:\n\n| a record by | time over %s | half of the runs |\n|---|--:|--:|\n", title,
	       over);
}

/* Prints a row: the median of @these times over the median of @those, and the ratios between which
 * half of @these lie. */
void ratio_tables::print_row(const std::string &name, const times *these, const times *those)
{
	if (!these || !those) {
		printf("| %s | did not run | |\n", name.c_str());
		good_ = false;
		return;
	}

	const double unit = spread_of(*those).middle;
	const spread found = spread_of(*these);

	printf("| %s | %.2f | %.2f to %.2f |\n", name.c_str(), found.middle / unit,
	       found.low / unit, found.high / unit);
}

void ratio_tables::Finalize()
{
	std::set<int> sizes, threads;

	for (const auto &[of, measured] : times_) {
		sizes.insert(of.bytes);
		threads.insert(of.threads);
	}
	begin_table("Natively, one thread", "memcpy's");
	for (int bytes : sizes)
		for (const std::string &peer : peers_)
			print_row(peer + ", " + std::to_string(bytes) + " bytes",
				  of(peer, bytes, 1), of(peers_[0], bytes, 1));
	begin_table("Natively, a thread on each processor with a ring of its own, 64 bytes",
		    "one thread's");
	for (const std::string &peer : peers_)
		for (int many : threads)
			print_row(peer + (many > 1 ? ", several threads" : ", one thread"),
				  of(peer, 64, many), of(peer, 64, 1));
}
