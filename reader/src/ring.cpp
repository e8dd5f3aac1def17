// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <perfbuf/ring.hpp>

#include "window.hpp"

namespace perfbuf::reader
{

ring::ring(perf_event_mmap_page *page, std::span<const std::byte> data)
	: page_(page), data_(data), scratch_(std::make_unique<std::byte[]>(longest_record)),
	  tail_(page->data_tail), cursor_(tail_), head_(tail_)
{
}

// C, pairs with B, the barrier before the kernel's store of data_head: what we load behind this is
// finished.
uint64_t ring::load_head() const noexcept
{
	return __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
}

// D, pairs with A, the kernel's branch on the space left: our loads are done when it writes there.
void ring::store_tail(uint64_t tail) noexcept
{
	__atomic_store_n(&page_->data_tail, tail, __ATOMIC_RELEASE);
}

uint64_t ring::refresh() noexcept
{
	head_ = load_head();
	return head_ - cursor_;
}

step ring::next(record &out) noexcept
{
	// Positions wrap at 2^64; only their distance says anything, and it is never more than the
	// data.
	const uint64_t unread = head_ - cursor_;
	if (unread == 0)
		return step::empty;
	if (head_ - tail_ > data_.size())
		return step::corrupt;
	const auto bytes = record_at(data_, cursor_, unread, scratch_.get());
	if (bytes.empty())
		return step::corrupt;
	cursor_ += bytes.size();
	out = record(bytes);
	return step::record;
}

std::array<std::span<const std::byte>, 2> ring::passed() const noexcept
{
	const size_t length = cursor_ - tail_;
	const size_t offset = tail_ & (data_.size() - 1);
	const size_t first = std::min(length, data_.size() - offset);
	return {data_.subspan(offset, first), data_.subspan(0, length - first)};
}

void ring::release() noexcept
{
	if (tail_ == cursor_)
		return;
	tail_ = cursor_;
	store_tail(tail_);
}

uint64_t ring::skip_all() noexcept
{
	head_ = load_head();
	const uint64_t given_up = head_ - cursor_;
	cursor_ = tail_ = head_;
	store_tail(tail_);
	return given_up;
}

} // namespace perfbuf::reader
