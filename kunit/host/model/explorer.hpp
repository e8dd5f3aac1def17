/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every execution of a program that asks what to do next: depth first, each
 * execution from the start. An execution is its list of choices, so a failure can be
 * shown and repeated.
 */
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace perfbuf::model
{

class explorer
{
public:
	/* @execution is called until every answer to every choose() was given. */
	template <typename F>
	std::uint64_t explore(F &&execution)
	{
		std::uint64_t executions = 0;

		path_.clear();
		do {
			depth_ = 0;
			execution();
			executions++;
		} while (advance());
		return executions;
	}

	/* 0 to @options - 1; each, in some execution. */
	unsigned choose(unsigned options)
	{
		if (options < 2)
			return 0;
		if (depth_ == path_.size())
			path_.push_back({0, options});
		if (path_[depth_].options != options) {
			std::fprintf(stderr, "model: an execution does not repeat\n");
			std::abort();
		}
		return path_[depth_++].taken;
	}

	/* The choices of this execution up to now, without what was not chosen at the end. */
	void print_path(std::FILE *to) const
	{
		for (std::size_t i = 0; i < depth_; i++)
			if (path_[i].taken)
				std::fprintf(to, " %zu:%u", i, path_[i].taken);
		std::fprintf(to, " (of %zu)\n", depth_);
	}

private:
	struct choice {
		unsigned taken;
		unsigned options;
	};

	bool advance()
	{
		while (!path_.empty() && path_.back().taken + 1 == path_.back().options)
			path_.pop_back();
		if (path_.empty())
			return false;
		path_.back().taken++;
		return true;
	}

	std::vector<choice> path_;
	std::size_t depth_ = 0;
};

} // namespace perfbuf::model
