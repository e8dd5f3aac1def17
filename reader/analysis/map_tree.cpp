// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Inserts into a treap by splitting and joining it, and copies the nodes that another tree shares.
#include "analysis/map_tree.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace perfbuf::analysis
{

struct map_tree::node {
	mapped map;
	uint32_t priority; // no child has a larger one
	size_t *count;
	link left, right;

	node(const mapped &of, uint32_t rank, size_t *counter)
		: map(of), priority(rank), count(counter)
	{
		++*count;
	}
	node(const node &other)
		: map(other.map), priority(other.priority), count(other.count), left(other.left),
		  right(other.right)
	{
		++*count;
	}
	node &operator=(const node &) = delete;
	~node() { --*count; }
};

map_tree::link map_tree::make(const mapped &map) const
{
	// A recording must not know them: it could make the tree a list.
	static std::mt19937 random{std::random_device()()};
	return std::make_shared<node>(map, static_cast<uint32_t>(random()), nodes_);
}

// A node that this tree alone has. A copy makes its children shared, so that they are copied, too.
map_tree::node &map_tree::own(link &of)
{
	if (of.use_count() > 1)
		of = std::make_shared<node>(*of);
	return *of;
}

void map_tree::split(link from, uint64_t at, link &below, link &above)
{
	if (!from) {
		below.reset();
		above.reset();
		return;
	}
	node &top = own(from);
	if (top.map.start < at) {
		split(std::exchange(top.right, nullptr), at, top.right, above);
		below = std::move(from);
	} else {
		split(std::exchange(top.left, nullptr), at, below, top.left);
		above = std::move(from);
	}
}

map_tree::link map_tree::join(link below, link above)
{
	if (!below || !above)
		return below ? below : above;
	if (below->priority >= above->priority) {
		node &top = own(below);
		top.right = join(std::exchange(top.right, nullptr), std::move(above));
		return below;
	}
	node &top = own(above);
	top.left = join(std::move(below), std::exchange(top.left, nullptr));
	return above;
}

// The node with the largest start, without children; nullptr: the tree is empty.
map_tree::link map_tree::take_last(link &from)
{
	if (!from)
		return nullptr;
	node &top = own(from);
	if (top.right)
		return take_last(top.right);
	return std::exchange(from, std::exchange(top.left, nullptr));
}

void map_tree::insert(const mapped &map)
{
	link below, inside, behind;
	split(std::exchange(root_, nullptr), map.start, below, behind);
	split(std::move(behind), map.end, inside, behind);
	// At most one map reaches over the end: the last one that begins before it.
	link last = take_last(inside);
	if (!last)
		last = take_last(below);
	if (last) {
		const mapped of = last->map;
		if (of.start < map.start) {
			own(last).map.end = std::min(of.end, map.start);
			below = join(std::move(below), std::move(last));
		} else if (link before = take_last(below)) {
			node &cut = own(before);
			cut.map.end = std::min(cut.map.end, map.start);
			below = join(std::move(below), std::move(before));
		}
		if (of.end > map.end)
			behind = join(
				make({map.end, of.end, of.offset + (map.end - of.start), of.file}),
				std::move(behind));
	}
	root_ = join(join(std::move(below), make(map)), std::move(behind));
}

const mapped *map_tree::find(uint64_t address) const noexcept
{
	const mapped *found = nullptr;
	for (const node *at = root_.get(); at;) {
		if (at->map.start > address) {
			at = at->left.get();
		} else {
			found = &at->map;
			at = at->right.get();
		}
	}
	return found && address < found->end ? found : nullptr;
}

} // namespace perfbuf::analysis
