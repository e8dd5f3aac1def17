/* SPDX-License-Identifier: GPL-2.0 */
/* A page that a test shares with its child processes. */
#pragma once

#include <cerrno>
#include <new>
#include <system_error>

#include <sys/mman.h>

#include "support/mapping.hpp"

namespace device_test
{

/* A T that a process shares with those that it forks. */
template <typename T>
class shared_page
{
public:
	shared_page()
	{
		void *base = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (base == MAP_FAILED)
			throw std::system_error(errno, std::generic_category(), "mmap");
		at_ = new (base) T{};
	}
	~shared_page() { munmap(at_, page_size()); }
	shared_page(const shared_page &) = delete;
	shared_page &operator=(const shared_page &) = delete;

	T *operator->() const noexcept { return at_; }
	T &operator*() const noexcept { return *at_; }

private:
	T *at_;
};

} // namespace device_test
