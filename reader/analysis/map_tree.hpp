// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The maps of a process by address. A copy shares the nodes that neither of the two has
 * changed: so a fork(2) costs nothing, and each map behind it a few nodes. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace perfbuf::analysis
{

/** A run of a process's addresses that shows a file. */
struct mapped {
	uint64_t start = 0;
	uint64_t end = 0;
	uint64_t offset = 0; /**< in the file, of start */
	uint32_t file = 0;   /**< machine::file_name() */
};

/** A treap, whose nodes copies share until one of them is changed. */
class map_tree
{
public:
	/** @param nodes counts those of all trees that are copies of this one; outlives them */
	explicit map_tree(size_t &nodes) noexcept : nodes_(&nodes) {}

	/** A new map takes the place of what was there: munmap(2) leaves no record. */
	void insert(const mapped &map);
	/** @return the map that the address is in, or nullptr */
	const mapped *find(uint64_t address) const noexcept;

private:
	struct node;
	using link = std::shared_ptr<node>;

	link make(const mapped &map) const;
	static node &own(link &of);
	static void split(link from, uint64_t at, link &below, link &above);
	static link join(link below, link above);
	static link take_last(link &from);

	size_t *nodes_;
	link root_;
};

} // namespace perfbuf::analysis
