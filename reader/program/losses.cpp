// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Composes the text that says how many records were lost, and by what.
#include "program/losses.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "program/parse.hpp"

namespace perfbuf::program
{

std::string losses_of(const std::vector<reader::file> &files, uint64_t reported)
{
	uint64_t counted = 0;
	std::vector<uint64_t> by_cause;
	for (const auto &file : files) {
		const auto counts = file.read();
		if (!counts)
			continue;
		counted += counts->lost.value_or(0);
		by_cause.resize(std::max(by_cause.size(), counts->lost_by_cause.size()));
		for (size_t cause = 0; cause < counts->lost_by_cause.size(); cause++)
			by_cause[cause] += counts->lost_by_cause[cause];
	}
	std::string causes;
	for (size_t cause = 0; cause < by_cause.size(); cause++)
		if (by_cause[cause])
			causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ",
					      group_digits(by_cause[cause]),
					      reader::loss_cause_name(cause));
	return group_digits(std::max(counted, reported)) + " lost" +
	       (causes.empty() ? "" : " (" + causes + ")");
}

} // namespace perfbuf::program
