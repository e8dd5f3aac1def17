/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of an AUX area: 2^n pages in chunks that are contiguous in physical
 * memory, as large as the source wants them and as there are.
 */
#pragma once

#include "ring/storage.hpp"

namespace perfbuf
{

/* perf's limit: 2 GiB of pages of 4 KiB. */
inline constexpr u64 aux_pages_max = u64{1} << 19;

/* The requirements of a source on the memory of its area. */
struct aux_requirements {
	/* Largest chunk: 2^max_order pages. If there is none, smaller ones are used. */
	u32 max_order = 0;
	/* All pages in one chunk, because the source cannot scatter. */
	bool one_chunk = false;
	/* One chunk of vmalloc; the two members above are then ignored. */
	bool virtual_memory = false;
};

/*
 * Invariants: pages_[0 .. filled_) are pages of ours, in whole chunks; orders_[i] is the order of
 * the chunk that begins at page i, and 0 within a chunk.
 */
class aux_storage
{
public:
	/*
	 * @nr_pages: 2^n, at most aux_pages_max. Process context, may sleep. EINVAL; ENOMEM, also
	 * if @wanted requires one chunk and none is large enough.
	 */
	static cxxrt::result<aux_storage> create(u64 nr_pages, const aux_requirements &wanted,
						 int node) noexcept;

	aux_storage(aux_storage &&other) noexcept;
	aux_storage(const aux_storage &) = delete;
	aux_storage &operator=(const aux_storage &) = delete;
	~aux_storage();

	u32 nr_pages() const noexcept { return filled_; }
	u64 size() const noexcept { return u64{filled_} << page_shift; }
	/* The kernel address of each page, and the order of each chunk at its first page. */
	void *const *pages() const noexcept { return pages_; }
	const u8 *orders() const noexcept { return orders_; }

	/* The bytes at @position of the stream and on to the end of their page. */
	storage::span at(u64 position) const noexcept
	{
		const u64 in_page = position & (page_size - 1);
		const u64 page = (position & (size() - 1)) >> page_shift;

		return {static_cast<char *>(pages_[page]) + in_page, page_size - in_page};
	}

private:
	explicit aux_storage(bool virtual_memory) noexcept : virtual_(virtual_memory) {}
	/* Adds a chunk of at most 2^@order pages, or of just so many (@exactly), and sets @order to
	 * what it got. False: there is not even a page. */
	bool add_chunk(u32 &order, bool exactly, int node) noexcept;
	void add_pages(char *chunk, u32 count) noexcept;

	void **pages_ = nullptr;
	u8 *orders_ = nullptr;
	u32 filled_ = 0;
	bool virtual_;
};

} // namespace perfbuf
