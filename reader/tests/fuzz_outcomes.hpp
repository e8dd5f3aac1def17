// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the turns of a fuzzer came to: a table, and that nothing of it is missing. */
#pragma once

#include <cctype>
#include <cstdlib>
#include <gtest/gtest.h>
#include <initializer_list>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "recorder/show.hpp"

namespace recorder_files
{

namespace recorder = perfbuf::recorder;

/** RECOVER_FUZZ_SEED and RECOVER_FUZZ_TURNS in the environment: other runs than those of ctest. */
inline uint64_t fuzz_number(const char *name, uint64_t by_default)
{
	const char *wanted = std::getenv(name);
	return wanted ? std::stoull(wanted) : by_default;
}

class fuzz_outcomes
{
public:
	/** @param of what the turns damage
	 * @param seed of this run, unless the environment has another */
	fuzz_outcomes(std::string of, uint64_t seed, int turns)
		: of_(std::move(of)), seed_(fuzz_number("RECOVER_FUZZ_SEED", seed)),
		  turns_(static_cast<int>(
			  fuzz_number("RECOVER_FUZZ_TURNS", static_cast<uint64_t>(turns))))
	{
	}

	std::mt19937_64 random() const { return std::mt19937_64(seed_); }
	int turns() const { return turns_; }

	/** A sentence without its numbers and the name of a file. */
	void note(std::string sentence)
	{
		const size_t path = sentence.find("/tmp/");
		if (path != std::string::npos)
			sentence.replace(path, sentence.find(' ', path) - path, "FILE");
		std::string kind;
		for (size_t at = 0; at < sentence.size(); at++) {
			if (!std::isdigit(static_cast<unsigned char>(sentence[at]))) {
				kind += sentence[at];
				continue;
			}
			kind += '#';
			const bool hex = sentence.compare(at, 2, "0x") == 0;
			at = sentence.find_first_not_of(hex ? "0123456789abcdefx" : "0123456789",
							at) -
			     1;
		}
		counts_[kind]++;
	}

	/** Everything that can be asked of rings; what it says does not matter. */
	void read_all(const std::vector<recorder::ring> &rings, const recorder::description &of)
	{
		for (const auto when : {recorder::moment::live, recorder::moment::stopped}) {
			recorder::omissions left_out;
			const auto events = recorder::events_of(rings, of, when, left_out);
			for (const auto &event : events)
				ASSERT_FALSE(recorder::line_of(of.source, event).empty());
			note(events.empty() ? "rings without events" : "rings with events");
			if (left_out.damaged)
				note("damaged places");
			if (left_out.incomplete)
				note("incomplete records");
			if (left_out.overwritten)
				note("overwritten meanwhile");
		}
	}

	/** Prints the table. Each of the outcomes was reached. */
	void expect(std::initializer_list<const char *> all) const
	{
		std::cout << of_ << ": seed " << seed_ << ", " << turns_ << " turns\n";
		for (const auto &[kind, count] : counts_)
			std::cout << "  " << count << "\t" << kind << "\n";
		for (const char *call : all)
			EXPECT_TRUE(counts_.contains(call)) << "never reached: " << call;
	}
	const std::map<std::string, uint64_t> &counts() const { return counts_; }

private:
	std::string of_;
	uint64_t seed_;
	int turns_;
	std::map<std::string, uint64_t> counts_;
};

} // namespace recorder_files
