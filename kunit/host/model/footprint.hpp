/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which words two CPUs share: those that both access, and one of them writes. It is learned from
 * the executions themselves, so the explorer begins again when an execution has shown more.
 */
#pragma once

#include "weak_cpus.hpp"

#include <map>
#include <set>
#include <utility>

namespace perfbuf::model
{

/* The same word has the same name in every execution: an object, and an offset in it. */
using word_name = std::pair<unsigned, std::ptrdiff_t>;

class footprint
{
public:
	void note(unsigned cpu, const word_name &word, bool writes)
	{
		seen_[word] |= 1u << cpu | (writes ? written : 0);
	}
	bool is_shared(const word_name &word) const { return shared_.count(word); }

	/* True: there are more than before. */
	bool learn()
	{
		const std::size_t before = shared_.size();

		for (const auto &[name, how] : seen_)
			if (how == (written | 3))
				shared_.insert(name);
		return shared_.size() != before;
	}

private:
	static constexpr unsigned written = 4;

	std::map<word_name, unsigned> seen_;
	std::set<word_name> shared_;
};

} // namespace perfbuf::model
