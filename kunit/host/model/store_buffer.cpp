// SPDX-License-Identifier: GPL-2.0
/* Stores that a CPU has not made visible to others yet. */
#include "store_buffer.hpp"

#include <algorithm>

namespace perfbuf::model
{

void store_buffer::before(cxxrt::model::access kind, const volatile void *where, std::size_t bytes)
{
	using enum cxxrt::model::access;

	finish();
	switch (kind) {
	case mb:
	case rmw:
		stores_.clear();
		break;
	case store:
	case release:
	case plain_store:
	case local_rmw: {
		char *at = static_cast<char *>(const_cast<void *>(where));

		stores_.push_back({at, {at, at + bytes}, {}});
		storing_ = true;
		break;
	}
	default:
		break;
	}
}

void store_buffer::finish()
{
	if (!storing_)
		return;
	storing_ = false;

	store &last = stores_.back();

	last.now.assign(last.where, last.where + last.old.size());
}

void store_buffer::hide()
{
	finish();
	stores_.erase(stores_.begin(),
		      stores_.begin() + choices_.choose(static_cast<unsigned>(stores_.size()) + 1));
	for (auto store = stores_.rbegin(); store != stores_.rend(); ++store)
		std::copy(store->old.begin(), store->old.end(), store->where);
}

void store_buffer::show()
{
	for (const store &store : stores_)
		std::copy(store.now.begin(), store.now.end(), store.where);
}

void store_buffer::drain()
{
	finish();
	stores_.clear();
}

} // namespace perfbuf::model
