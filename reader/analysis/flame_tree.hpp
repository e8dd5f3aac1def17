// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Stacks, summed up into a tree: what a flame graph shows. */
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace perfbuf::analysis
{

class flame_tree
{
public:
	struct node {
		uint32_t frame = 0;
		uint64_t self = 0;		       /**< of stacks that end here */
		uint64_t total = 0;		       /**< of stacks that go through here */
		std::map<uint32_t, uint32_t> children; /**< frame to node */
	};

	flame_tree() : nodes_(1) {}

	/** @param frames root first; empty counts for the root alone */
	void add(std::span<const uint32_t> frames, uint64_t weight)
	{
		uint32_t at = 0;
		nodes_[0].total += weight;
		for (const uint32_t frame : frames) {
			const auto next = static_cast<uint32_t>(nodes_.size());
			const auto [found, is_new] = nodes_[at].children.try_emplace(frame, next);
			at = found->second;
			if (is_new)
				nodes_.push_back({frame, 0, 0, {}});
			nodes_[at].total += weight;
		}
		nodes_[at].self += weight;
	}

	const node &root() const noexcept { return nodes_[0]; }
	const node &operator[](uint32_t number) const noexcept { return nodes_[number]; }
	size_t size() const noexcept { return nodes_.size(); }

private:
	std::vector<node> nodes_;
};

} // namespace perfbuf::analysis
