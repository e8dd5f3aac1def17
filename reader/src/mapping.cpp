// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Maps the ring of a file.
#include <perfbuf/mapping.hpp>

#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace perfbuf::reader
{

size_t page_size() noexcept
{
	static const size_t size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
	return size;
}

result<mapping> mapping::map(const file &of, size_t pages, access how)
{
	if (pages == 0 || (pages & (pages - 1)) != 0)
		return system_error("a ring has a power of two of pages", EINVAL);

	const size_t length = (1 + pages) * page_size();
	const int protection = how == access::consume ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base = ::mmap(nullptr, length, protection, MAP_SHARED, of.fd(), 0);
	if (base == MAP_FAILED)
		return system_error("cannot map the ring");

	// Kernels before 4.1 leave data_offset zero; the data has always begun one page on.
	const auto *page = static_cast<const perf_event_mmap_page *>(base);
	const size_t offset = page->data_offset ? page->data_offset : page_size();
	const size_t size = page->data_size ? page->data_size : pages * page_size();
	if (offset > length || size > length - offset || (size & (size - 1)) != 0) {
		::munmap(base, length);
		return system_error("the ring's page describes no ring of this size", EPROTO);
	}
	return mapping(base, length, {static_cast<const std::byte *>(base) + offset, size});
}

mapping::mapping(mapping &&other) noexcept
	: base_(std::exchange(other.base_, nullptr)), length_(std::exchange(other.length_, 0)),
	  data_(std::exchange(other.data_, {}))
{
}

mapping &mapping::operator=(mapping &&other) noexcept
{
	std::swap(base_, other.base_);
	std::swap(length_, other.length_);
	std::swap(data_, other.data_);
	return *this;
}

mapping::~mapping()
{
	if (base_)
		::munmap(base_, length_);
}

} // namespace perfbuf::reader
