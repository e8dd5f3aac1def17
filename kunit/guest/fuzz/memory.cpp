// SPDX-License-Identifier: GPL-2.0
/* Mappings, and what a hostile reader writes into them. */
#include <linux/perfbuf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/world.hpp"

namespace fuzz
{

namespace
{

size_t page()
{
	static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	return bytes;
}

int map_at(actor &by, size_t bytes, off_t offset, int fd)
{
	const int prot = by.one_of({PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ});
	void *base =
		mmap(nullptr, bytes, prot, by.once_in(24) ? MAP_PRIVATE : MAP_SHARED, fd, offset);
	if (base == MAP_FAILED)
		return errno;
	by.keep_area(base, bytes, prot & PROT_WRITE);
	return 0;
}

int map_data(actor &by)
{
	const size_t pages = by.one_of<size_t>({0, 1, 2, 4, 8, 8, 8, 16, 64, 3, 1 << 20});
	return map_at(by, (pages + 1) * page(), 0, by.file());
}

int map_stats(actor &by)
{
	return map_at(by, by.once_in(8) ? 2 * page() : page(), PERFBUF_MMAP_STATS, by.file());
}

/* Says in page 0 of some mapping where AUX is to be, and maps it. */
int map_aux(actor &by)
{
	area *of = by.area_slot().exchange(nullptr);
	if (!of)
		return 0;
	const size_t pages = by.one_of<size_t>({1, 2, 8, 16, 64, 3});
	const off_t offset = static_cast<off_t>(of->bytes * by.one_of<size_t>({1, 1, 1, 2}));
	const auto write_page = [](volatile uint8_t *at, size_t, uint64_t packed) {
		auto *page_0 = reinterpret_cast<volatile perf_event_mmap_page *>(at);
		page_0->aux_offset = packed >> 32;
		page_0->aux_size = packed & 0xffffffff;
	};
	int error = 0;
	if (of->writable)
		error = with_memory(write_page, *of,
				    static_cast<uint64_t>(offset) << 32 | pages * page());
	by.keep_area(of->base, of->bytes, of->writable);
	delete of;
	return error ? error : map_at(by, pages * page(), offset, by.file());
}

int unmap(actor &by)
{
	area *of = by.area_slot().exchange(nullptr);
	if (!of)
		return 0;
	int error = 0;
	if (by.once_in(8))
		error = error_of(munmap(of->base, page()));
	munmap(of->base, of->bytes);
	delete of;
	return error;
}

/* With the mapping out of everybody's hands. */
int remap(actor &by)
{
	area *of = by.area_slot().exchange(nullptr);
	if (!of)
		return 0;
	int error = 0;
	switch (by.below(5)) {
	case 0: {
		void *moved = mremap(of->base, of->bytes, by.once_in(4) ? 2 * of->bytes : of->bytes,
				     MREMAP_MAYMOVE);
		if (moved == MAP_FAILED)
			error = errno;
		else
			of->base = moved;
		break;
	}
	case 1:
		error = error_of(mprotect(of->base, of->bytes, PROT_READ));
		break;
	case 2:
		error = error_of(mprotect(of->base, of->bytes, PROT_READ | PROT_WRITE));
		break;
	case 3:
		error = error_of(madvise(
			of->base, of->bytes,
			by.one_of({MADV_DONTNEED, MADV_DOFORK, MADV_WILLNEED, MADV_DODUMP})));
		break;
	default:
		error = error_of(mlock(of->base, of->bytes));
	}
	by.keep_area(of->base, of->bytes, of->writable);
	delete of;
	return error;
}

/* Other threads may unmap it under our hands: no slot is taken. */
template <typename Access>
int touch(actor &by, Access access)
{
	area *of = by.area_slot().exchange(nullptr);
	if (!of)
		return 0;
	const int error = with_memory(access, *of, by.random());
	by.keep_area(of->base, of->bytes, of->writable);
	delete of;
	return error;
}

int scribble(actor &by)
{
	return touch(by, [](volatile uint8_t *at, size_t, uint64_t random) {
		auto *words = reinterpret_cast<volatile uint64_t *>(at);
		std::minstd_rand more(static_cast<unsigned>(random));
		for (unsigned i = 0; i < 64; i++)
			words[more() % 512] = more() * 0x9e3779b97f4a7c15 >> (more() % 64);
	});
}

int move_tail(actor &by)
{
	return touch(by, [](volatile uint8_t *at, size_t bytes, uint64_t random) {
		auto *page_0 = reinterpret_cast<volatile perf_event_mmap_page *>(at);
		const uint64_t head = page_0->data_head;
		uint64_t sum = 0;
		for (size_t i = 4096; i + 8 <= bytes; i += 512)
			sum += at[i];
		page_0->data_tail = random % 4 ? head : head + random % 4096 - sum % 8;
		page_0->aux_tail = random % 3 ? page_0->aux_head : random;
	});
}

} /* namespace */

std::vector<operation> memory_operations()
{
	const std::vector<int> mapped = {EBADF,	 EBADFD, EINVAL, EACCES, EPERM,	    ENOMEM,
					 ENODEV, ENOSPC, EAGAIN, EBUSY,	 EOPNOTSUPP};
	std::vector<int> aux = mapped;
	aux.push_back(EFAULT);
	return {
		{"mmap data", readers, 14, map_data, mapped},
		{"mmap statistics", readers, 4, map_stats, mapped},
		{"mmap AUX", readers, 5, map_aux, aux},
		{"munmap", readers, 5, unmap, {EINVAL}},
		{"mremap, mprotect, madvise, mlock",
		 readers,
		 3,
		 remap,
		 {EINVAL, EFAULT, ENOMEM, EACCES, EPERM, EAGAIN}},
		{"writing over page 0", readers, 4, scribble, {EFAULT}},
		{"moving the tail", readers, 8, move_tail, {EFAULT}},
	};
}

} /* namespace fuzz */
