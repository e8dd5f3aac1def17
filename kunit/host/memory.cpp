// SPDX-License-Identifier: GPL-2.0
/* Memory of cxxrt/platform.h and ring/pages.h, on the host. */
#include "memory.hpp"

#include "host.hpp"

#include "ring/pages.h"

#include "../support.h"

#include <cxxrt/platform.h>
#include <generated/offsets.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

using namespace perfbuf::host;

namespace
{

std::atomic<unsigned> fail_in;
std::atomic<long> live;

/*
 * cxxrt_free() is the program's operator delete (cxxrt/runtime.cpp), and so frees what the test
 * framework made as well: what the ring made is known by its address.
 */
constexpr std::size_t slots = 1 << 16;
constexpr std::size_t probes = 16;
std::atomic<void *> made_by_ring[slots];

std::size_t slot_of(void *memory)
{
	return (reinterpret_cast<std::uintptr_t>(memory) >> 4) * 0x9e3779b97f4a7c15ULL >> 48;
}

void remember(void *memory)
{
	for (std::size_t i = slot_of(memory), tries = 0; tries < probes;
	     i = (i + 1) % slots, tries++) {
		void *empty = nullptr;

		if (made_by_ring[i].compare_exchange_strong(empty, memory))
			return;
	}
	std::abort();
}

/* remember() stays within as many slots of its own, or gives up. */
bool forget(void *memory)
{
	for (std::size_t i = slot_of(memory), tries = 0; tries < probes;
	     i = (i + 1) % slots, tries++) {
		void *here = memory;

		if (made_by_ring[i].load(std::memory_order_relaxed) == memory &&
		    made_by_ring[i].compare_exchange_strong(here, nullptr))
			return true;
	}
	return false;
}

std::size_t order_bytes(unsigned int order)
{
	const std::size_t bytes = std::size_t{1} << (PB_PAGE_SHIFT + order);

	/* The user page and the statistics are a page even where the model's pages are smaller. */
	return bytes < 4096 ? 4096 : bytes;
}

/* Larger than pages of the same size, so that these two are not taken for one another. */
std::size_t vmalloc_bytes(std::size_t bytes)
{
	return (bytes < 4096 ? 4096 : bytes) + 8192;
}

/* Freed memory must be as large as the allocation there. */
void check_size(void *address, std::size_t bytes)
{
	const std::size_t had = malloc_usable_size(address);

	if (had < bytes || had >= 2 * bytes)
		std::abort();
}

void *mirror(std::size_t bytes)
{
	const int fd = memfd_create("mirror", MFD_CLOEXEC);
	char *base = static_cast<char *>(
		mmap(nullptr, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	const bool mapped =
		fd >= 0 && base != MAP_FAILED && !ftruncate(fd, static_cast<off_t>(bytes)) &&
		mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) !=
			MAP_FAILED &&
		mmap(base + bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) !=
			MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (!mapped && base != MAP_FAILED)
		munmap(base, 2 * bytes);
	return mapped ? base : nullptr;
}

} // namespace

bool perfbuf::host::allocation_fails()
{
	unsigned left = fail_in;

	while (left && !fail_in.compare_exchange_weak(left, left - 1))
		;
	return left == 1;
}

void perfbuf::host::note_allocated()
{
	live++;
}

void perfbuf::host::note_freed()
{
	live--;
}

extern "C" {

void *cxxrt_alloc(unsigned long bytes, unsigned int) noexcept
{
	check_charge();
	if (on_allocate)
		on_allocate();
	/* As kvmalloc: what is larger is a mistake. */
	if (allocation_fails() || bytes > 0x7fffffff)
		return nullptr;

	void *made = std::calloc(1, bytes);

	if (made) {
		remember(made);
		note_allocated();
	}
	return made;
}

void cxxrt_free(void *memory) noexcept
{
	if (memory && forget(memory)) {
		check_free(memory, malloc_usable_size(memory));
		note_freed();
	}
	std::free(memory);
}

void *pb_pages_alloc(int, unsigned int order) noexcept
{
	const std::size_t bytes = order_bytes(order);

	check_charge();
	if (allocation_fails())
		return nullptr;

	void *made = std::aligned_alloc(4096, bytes);

	if (made) {
		std::memset(made, 0, bytes);
		note_allocated();
	}
	return made;
}

void pb_pages_free(void *address, unsigned int order) noexcept
{
	check_size(address, order_bytes(order));
	std::free(address);
	note_freed();
}

void *pb_vmalloc_alloc(unsigned long bytes, int, int mirrored) noexcept
{
	check_charge();
	if (allocation_fails() || bytes > 0x7fffffff)
		return nullptr;

	void *made = mirrored ? mirror(bytes) : std::aligned_alloc(4096, vmalloc_bytes(bytes));

	if (!made)
		return nullptr;
	if (!mirrored)
		std::memset(made, 0, bytes);
	note_allocated();
	return made;
}

void pb_vmalloc_free(void *address, unsigned long bytes, int mirrored) noexcept
{
	if (mirrored) {
		munmap(address, 2 * bytes);
	} else {
		check_size(address, vmalloc_bytes(bytes));
		std::free(address);
	}
	note_freed();
}

unsigned long pb_page_frame(const void *address) noexcept
{
	return reinterpret_cast<std::uintptr_t>(address) >> PB_PAGE_SHIFT;
}

void *pb_test_frame_address(unsigned long frame) noexcept
{
	return reinterpret_cast<void *>(frame << PB_PAGE_SHIFT);
}

/* The test's own memory stands for a user's. A call for each page: whole ranges or nothing. */
unsigned long pb_copy_from_user_nofault(void *to, unsigned long user_address,
					unsigned long bytes) noexcept
{
	unsigned long done = 0;

	while (done < bytes) {
		const unsigned long to_page_end = 4096 - (user_address + done) % 4096;
		const unsigned long now = bytes - done < to_page_end ? bytes - done : to_page_end;
		iovec local = {static_cast<char *>(to) + done, now};
		iovec remote = {reinterpret_cast<void *>(user_address + done), now};

		if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) !=
		    static_cast<ssize_t>(now))
			break;
		done += now;
	}
	return bytes - done;
}

/* --- kunit/support.h, as far as it belongs here */

void pb_test_fail_allocation(unsigned int nth) noexcept
{
	fail_in = nth;
}

long pb_test_live_allocations(void) noexcept
{
	return live;
}

static char *user_page;

unsigned long pb_test_user_map(const void *bytes, unsigned long count) noexcept
{
	user_page = static_cast<char *>(
		mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	if (user_page == MAP_FAILED || munmap(user_page + 4096, 4096))
		return 0;
	std::memcpy(user_page + 4096 - count, bytes, count);
	return reinterpret_cast<unsigned long>(user_page + 4096 - count);
}

void pb_test_user_unmap(void) noexcept
{
	munmap(user_page, 4096);
}

} // extern "C"
