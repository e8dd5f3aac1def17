/* SPDX-License-Identifier: GPL-2.0 */
/* Prints Google Benchmark's runs as tables of ratios, because a time by itself depends mostly on
 * the machine. */
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

/* For benchmarks that are named PEER/BYTES, with one thread or with several. */
class ratio_tables final : public benchmark::BenchmarkReporter
{
public:
	/* @peers: the rows of the tables, in this order. All are compared with the first. */
	explicit ratio_tables(std::vector<std::string> peers) : peers_(std::move(peers)) {}

	bool ReportContext(const Context &) override { return true; }
	void ReportRuns(const std::vector<Run> &runs) override;
	void Finalize() override;
	/* All benchmarks ran, without an error. */
	bool good() const { return good_; }

private:
	/* The measured case; and the time of a record in each repetition. */
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
