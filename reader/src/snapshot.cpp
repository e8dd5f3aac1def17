// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads a ring that is written backwards, the newest record first.
#include <perfbuf/snapshot.hpp>

#include "window.hpp"

namespace perfbuf::reader
{

snapshot::snapshot(const perf_event_mmap_page *page, std::span<const std::byte> data)
	: data_(data), scratch_(std::make_unique<std::byte[]>(longest_record)),
	  // C, pairs with B, the barrier before the kernel's store of data_head. There is no D: we
	  // own no tail here.
	  cursor_(__atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE)),
	  // The head started at 0 and went down: its negative is what was ever written.
	  left_(std::min<uint64_t>(0 - cursor_, data.size())), cut_(0 - cursor_ > data.size())
{
}

step snapshot::next(record &out) noexcept
{
	if (left_ == 0)
		return step::empty;
	const auto bytes = record_at(data_, cursor_, left_, scratch_.get());
	if (bytes.empty()) {
		// In a ring that has gone round the newest record cuts the end off the oldest one.
		left_ = 0;
		return cut_ ? step::empty : step::corrupt;
	}
	cursor_ += bytes.size();
	left_ -= bytes.size();
	out = record(bytes);
	return step::record;
}

} // namespace perfbuf::reader
