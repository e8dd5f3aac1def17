// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds the next run of whole records in a ring.
#include <algorithm>
#include <perfbuf/ring.hpp>

#include "window.hpp"

namespace perfbuf::reader
{

ring::ring(perf_event_mmap_page *page, std::span<const std::byte> data)
	: end_(page->data_tail), head_(end_), tail_(end_), page_(page), data_(data),
	  scratch_(std::make_unique<std::byte[]>(longest_record))
{
}

step ring::next_run() noexcept
{
	// Positions wrap at 2^64; only their distance says anything, and it is never more than the
	// data.
	const uint64_t at = cursor();
	const uint64_t unread = head_ - at;
	if (unread == 0)
		return step::empty;
	if (head_ - tail_ > data_.size())
		return step::corrupt;
	const auto first = record_at(data_, at, unread, scratch_.get());
	if (first.empty())
		return step::corrupt;

	here_ = first.data();
	if (here_ == scratch_.get()) {
		left_ = first.size() / word;
	} else {
		const uint64_t before_end = data_.size() - (at & (data_.size() - 1));
		left_ = std::min({unread / word, before_end / word, longest_run});
	}
	end_ = at + left_ * word;
	return step::record;
}

std::array<std::span<const std::byte>, 2> ring::consumed() const noexcept
{
	const size_t length = cursor() - tail_;
	const size_t offset = tail_ & (data_.size() - 1);
	const size_t first = std::min(length, data_.size() - offset);
	return {data_.subspan(offset, first), data_.subspan(0, length - first)};
}

uint64_t ring::skip_all() noexcept
{
	const uint64_t given_up = refresh();
	end_ = head_;
	release();
	return given_up;
}

} // namespace perfbuf::reader
