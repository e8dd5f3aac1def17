/* SPDX-License-Identifier: GPL-2.0 */
/* The figures that are printed of measured times; the machine also does other work. */
#pragma once

#include <algorithm>
#include <vector>

/* The middle one, and within what half of them are. */
struct spread {
	double middle, low, high;
};

/* There is one at least. */
inline spread spread_of(std::vector<double> all)
{
	std::sort(all.begin(), all.end());

	const auto at = [&](double part) {
		return all[static_cast<size_t>(part * static_cast<double>(all.size() - 1) + 0.5)];
	};

	return {at(0.5), at(0.25), at(0.75)};
}
