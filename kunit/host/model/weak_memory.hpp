/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The values that a reader on another CPU may see of the writer's stores, by arm64's order. Each
 * store goes into a buffer and leaves it in any order that smp_wmb(), store_release() and
 * overlapping addresses allow. A store leaves at the latest when a later one is seen that a barrier
 * put behind it; before that it is a choice, made when the reader loads what it wrote.
 *
 * A load of the reader may be satisfied early: it sees what was there at any time since the
 * reader's last barrier, but of no byte what is older than what the reader has seen of it.
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

	/* The bytes that the reader sees there. Without @exploring all stores have arrived. */
	void load(void *to, const void *where, u32 bytes, bool exploring);
	/* smp_rmb(), smp_mb() of the reader: its later loads are satisfied after its earlier ones.
	 */
	void reader_fence() { window_ = loaded_; }

private:
	struct region {
		const char *native;
		std::vector<char> seen;
		std::vector<u64> read_at; /* when what the reader saw of a byte was there */
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
	/* The bytes in its place before a store left, and when that was. */
	struct change {
		region *in;
		u32 offset;
		u64 time;
		std::vector<char> before;
	};

	region *find(const volatile void *where) const;
	static bool overlap(const store &store, const region *in, u32 offset, u32 bytes);
	void leave(std::size_t index);

	explorer &choices_;
	mutable std::vector<region> regions_;
	std::vector<store> stores_;
	std::vector<change> changes_;
	u64 now_ = 0;	 /* counts changes */
	u64 window_ = 0; /* no load of the reader is satisfied before this */
	u64 loaded_ = 0; /* when the latest of its loads was satisfied, at least */
	u32 epoch_ = 0;
	bool storing_ = false;
};

} // namespace perfbuf::model
