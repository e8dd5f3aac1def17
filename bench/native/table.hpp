/* SPDX-License-Identifier: GPL-2.0 */
/* Google Benchmark's runs as tables of ratios: a time by itself says more of the machine than of
 * us. */
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

/* What is measured is named PEER/BYTES, with one thread or with several. */
class ratio_tables final : public benchmark::BenchmarkReporter
{
public:
	/* The peers, as rows; the others are compared with the first. */
	explicit ratio_tables(std::vector<std::string> peers) : peers_(std::move(peers)) {}

	bool ReportContext(const Context &) override { return true; }
	void ReportRuns(const std::vector<Run> &runs) override;
	void Finalize() override;
	/* Nothing that ran was wrong, and all of it ran. */
	bool good() const { return good_; }

private:
	/* The repetitions: time of a record. */
	struct key {
		std::string peer;
		int bytes, threads;
		auto operator<=>(const key &) const = default;
	};
	using times = std::vector<double>;

	const times *of(const std::string &peer, int bytes, int threads) const;
	void begin_table(const char *title, const char *over);
	void print_row(const std::string &name, const times *these, const times *those);

	const std::vector<std::string> peers_;
	std::map<key, times> times_;
	bool good_ = true;
};
