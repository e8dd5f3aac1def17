// SPDX-License-Identifier: GPL-2.0
/* Memory whose loads may see older values, as weakly ordered CPUs do. */
#include "weak_memory.hpp"

#include "scenario.hpp"

#include <algorithm>

namespace perfbuf::model
{

void weak_memory::share(const void *where, u32 bytes)
{
	const char *native = static_cast<const char *>(where);

	regions_.push_back(
		{native, std::vector<char>(native, native + bytes), std::vector<u64>(bytes)});
}

weak_memory::region *weak_memory::find(const volatile void *where) const
{
	const char *address = const_cast<const char *>(static_cast<const volatile char *>(where));

	for (region &region : regions_)
		if (address >= region.native && address < region.native + region.seen.size())
			return &region;
	return nullptr;
}

bool weak_memory::overlap(const store &store, const region *in, u32 offset, u32 bytes)
{
	return store.in == in && store.offset < offset + bytes &&
	       offset < store.offset + store.bytes;
}

void weak_memory::begin_store(const volatile void *where, u32 bytes, bool releases)
{
	region *in = find(where);
	const char *address = const_cast<const char *>(static_cast<const volatile char *>(where));

	if (!in)
		return;
	if (bytes > largest_record)
		fail("the model's records are smaller than that");
	stores_.push_back(
		{in, static_cast<u32>(address - in->native), bytes, epoch_, releases, false, {}});
	storing_ = true;
}

void weak_memory::finish_store()
{
	if (!storing_)
		return;
	storing_ = false;

	store &last = stores_.back();

	std::memcpy(last.data, last.in->native + last.offset, last.bytes);
}

/* Arrives, and before it what has to. */
void weak_memory::leave(std::size_t index)
{
	store &store = stores_[index];

	if (store.left)
		return;
	store.left = true;
	for (std::size_t i = 0; i < index; i++)
		if (stores_[i].epoch < store.epoch || store.releases ||
		    overlap(stores_[i], store.in, store.offset, store.bytes))
			leave(i);

	char *to = store.in->seen.data() + store.offset;

	changes_.push_back({store.in, store.offset, ++now_, {to, to + store.bytes}});
	std::memcpy(to, store.data, store.bytes);
}

void weak_memory::load(void *to, const void *where, u32 bytes, bool exploring)
{
	region *in = find(where);
	const u32 offset = static_cast<u32>(static_cast<const char *>(where) - in->native);

	for (std::size_t i = 0; i < stores_.size(); i++) {
		if (stores_[i].left)
			continue;
		if (!exploring)
			leave(i);
		else if (overlap(stores_[i], in, offset, bytes) && choices_.choose(2))
			leave(i);
	}

	std::vector<char> found(in->seen.begin() + offset, in->seen.begin() + offset + bytes);
	const u64 oldest =
		std::max(window_, *std::max_element(in->read_at.begin() + offset,
						    in->read_at.begin() + offset + bytes));
	u64 satisfied = oldest;

	/* Back in time, one change after the other, until the explorer says that it was then. */
	for (auto change = changes_.rbegin(); change != changes_.rend() && change->time > oldest;
	     ++change) {
		const u32 size = static_cast<u32>(change->before.size());

		if (change->in != in || change->offset >= offset + bytes ||
		    offset >= change->offset + size)
			continue;
		if (!exploring || !choices_.choose(2)) {
			satisfied = change->time;
			break;
		}
		for (u32 i = 0; i < size; i++)
			if (change->offset + i >= offset && change->offset + i < offset + bytes)
				found[change->offset + i - offset] = change->before[i];
	}
	loaded_ = std::max(loaded_, satisfied);
	std::fill(in->read_at.begin() + offset, in->read_at.begin() + offset + bytes, satisfied);
	std::copy(found.begin(), found.end(), static_cast<char *>(to));
}

} // namespace perfbuf::model
