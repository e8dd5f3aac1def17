/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What another CPU sees of the writer's stores to the ring. Each goes into a buffer
 * and leaves it in any order that smp_wmb(), store_release() and overlapping
 * addresses allow (as SPARC's PSO, weaker than x86). A store leaves at
 * the latest when a later one is seen that a barrier put behind it; before that it is
 * a choice, made when somebody loads what it wrote.
 */
#pragma once

#include "explorer.hpp"
#include "record.hpp"

#include <vector>

namespace perfbuf::model
{

class weak_memory
{
public:
	explicit weak_memory(explorer &choices) : choices_(choices) {}

	/* The words and pages that both sides see, as they are now. */
	void share(const void *where, u32 bytes);
	bool is_shared(const volatile void *where) const { return find(where); }

	/* The writer is about to store; finish() once it has. @releases: the stores before are seen
	 * before it, which says nothing of those after it. */
	void begin_store(const volatile void *where, u32 bytes, bool releases);
	void finish_store();
	/* Stores before are seen before stores after. */
	void fence() { epoch_++; }

	/* What the other CPU sees there. Without @exploring all stores have arrived. */
	void load(void *to, const void *where, u32 bytes, bool exploring);

private:
	struct region {
		const char *native;
		std::vector<char> seen;
	};
	struct store {
		region *in;
		u32 offset;
		u32 bytes;
		u32 epoch;
		bool releases;
		bool left;
		char data[largest_record];
	};

	region *find(const volatile void *where) const;
	static bool overlap(const store &one, const region *in, u32 offset, u32 bytes);
	void leave(std::size_t index);

	explorer &choices_;
	mutable std::vector<region> regions_;
	std::vector<store> stores_;
	u32 epoch_ = 0;
	bool storing_ = false;
};

} // namespace perfbuf::model
