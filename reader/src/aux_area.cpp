// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Maps an AUX area, and reads and releases its bytes.
#include <perfbuf/aux_area.hpp>

#include <algorithm>
#include <sys/mman.h>
#include <utility>

namespace perfbuf::reader
{

result<aux_area> aux_area::map(const file &of, const mapping &ring, size_t pages)
{
	if (pages == 0 || (pages & (pages - 1)) != 0)
		return system_error("an AUX area has a power of two of pages", EINVAL);
	auto *page = ring.user_page();
	const uint64_t size = pages * page_size();
	page->aux_offset = page_size() + ring.data().size();
	page->aux_size = size;
	void *base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, of.fd(),
			    static_cast<off_t>(page->aux_offset));
	if (base == MAP_FAILED)
		return system_error("cannot map the AUX area");
	aux_area area(page, {static_cast<const std::byte *>(base), size});
	area.mapped_ = true;
	return area;
}

// Where the kernel's stream begins, or where another reader of the same area has come.
aux_area::aux_area(perf_event_mmap_page *page, std::span<const std::byte> bytes) noexcept
	: page_(page), bytes_(bytes), tail_(page->aux_tail), head_(load_head())
{
	if (head_ - tail_ > bytes_.size()) {
		tail_ = head_;
		store_tail(tail_);
	}
	head_ = tail_;
}

aux_area::aux_area(aux_area &&other) noexcept
	: page_(other.page_), bytes_(std::exchange(other.bytes_, {})),
	  mapped_(std::exchange(other.mapped_, false)), tail_(other.tail_), head_(other.head_)
{
}

aux_area &aux_area::operator=(aux_area &&other) noexcept
{
	std::swap(page_, other.page_);
	std::swap(bytes_, other.bytes_);
	std::swap(mapped_, other.mapped_);
	std::swap(tail_, other.tail_);
	std::swap(head_, other.head_);
	return *this;
}

aux_area::~aux_area()
{
	if (mapped_)
		::munmap(const_cast<std::byte *>(bytes_.data()), bytes_.size());
}

// F, pairs with E in module/ring/aux.cpp, the barrier before its store of aux_head: the records and
// bytes under what we load are there.
uint64_t aux_area::load_head() const noexcept
{
	return __atomic_load_n(&page_->aux_head, __ATOMIC_ACQUIRE);
}

// D, pairs with A in module/ring/aux.cpp, the branch on the space left: our loads are done when the
// kernel writes there.
void aux_area::store_tail(uint64_t tail) noexcept
{
	__atomic_store_n(&page_->aux_tail, tail, __ATOMIC_RELEASE);
}

std::optional<uint64_t> aux_area::refresh() noexcept
{
	head_ = load_head();
	if (head_ - tail_ > bytes_.size())
		return std::nullopt;
	return head_ - tail_;
}

std::array<std::span<const std::byte>, 2> aux_area::unread() const noexcept
{
	const uint64_t length = head_ - tail_;
	if (length > bytes_.size())
		return {};
	const size_t offset = tail_ & (bytes_.size() - 1);
	const size_t first = std::min<size_t>(length, bytes_.size() - offset);
	return {bytes_.subspan(offset, first), bytes_.subspan(0, length - first)};
}

void aux_area::release() noexcept
{
	if (tail_ == head_)
		return;
	tail_ = head_;
	store_tail(tail_);
}

uint64_t aux_area::skip_all() noexcept
{
	head_ = load_head();
	const uint64_t given_up = head_ - tail_;
	tail_ = head_;
	store_tail(tail_);
	return given_up;
}

} // namespace perfbuf::reader
