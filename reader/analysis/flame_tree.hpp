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

	/** Some 600 MB. No browser shows a page of as many. */
	static constexpr size_t most_nodes = size_t{1} << 22;

	/** @param frames root first; empty counts for the root alone. Frames for which there is no
	 * node any more are left out: the stack ends at the last one that there is. */
	void add(std::span<const uint32_t> frames, uint64_t weight)
	{
		uint32_t at = 0;
		nodes_[0].total += weight;
		for (const uint32_t frame : frames) {
			auto &children = nodes_[at].children;
			const auto found = children.find(frame);
			if (found == children.end() && nodes_.size() >= most_nodes) {
				cut_++;
				break;
			}
			if (found == children.end()) {
				const auto next = static_cast<uint32_t>(nodes_.size());
				children.emplace(frame, next);
				nodes_.push_back({frame, 0, 0, {}});
				at = next;
			} else {
				at = found->second;
			}
			nodes_[at].total += weight;
		}
		nodes_[at].self += weight;
	}

	const node &root() const noexcept { return nodes_[0]; }
	const node &operator[](uint32_t number) const noexcept { return nodes_[number]; }
	size_t size() const noexcept { return nodes_.size(); }
	/** Stacks that are not whole. */
	uint64_t cut() const noexcept { return cut_; }

private:
	std::vector<node> nodes_;
	uint64_t cut_ = 0;
};

} // namespace perfbuf::analysis
