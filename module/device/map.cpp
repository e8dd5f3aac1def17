// SPDX-License-Identifier: GPL-2.0
/* mmap(2): the first mapping of a file without a ring makes the ring, later ones share it, the last
 * munmap(2) gives it up. */
#include "device/file.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>

#include <linux/perfbuf.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::lock_guard;
using cxxrt::ref;
using cxxrt::result;

namespace
{

/* The pages that a ring has beside its data pages: the user page and the statistics page. */
constexpr u64 pages_beside = 2;

constinit cxxrt::shared<u64> last_ring_number;

/* Maps the user page and the data pages. */
result<void> insert_pages(const pb_vma_request &request, perf_buffer &ring) noexcept
{
	for (u64 i = 0; i <= ring.nr_pages(); i++)
		TRY(from_return(pb_vma_insert(request.vma, i, TRY(ring.page_frame(i)))));
	return {};
}

/* Whether a mapping at this offset is for the statistics page. */
bool is_stats(u64 page_offset) noexcept
{
	return page_offset == PERFBUF_MMAP_STATS >> page_shift;
}

/*
 * The size of the ring's chunks: 32 KiB, which the kernel allocates easily
 * (PAGE_ALLOC_COSTLY_ORDER), so that few records cross a chunk's end; in a small ring an eighth of
 * the ring.
 */
u32 page_order_of(u32 nr_pages) noexcept
{
	constexpr u32 order_max = 3;

	return cxxrt::min(order_max, static_cast<u32>(std::bit_width(nr_pages / 8 | 1)) - 1);
}

} // namespace

/* Allocates a ring, and charges it to the user. Under map_mutex_. */
result<ref<perf_buffer>> file::new_ring(event &owner, u32 nr_pages, bool writable) noexcept
{
	pb_charge charge;

	TRY(the_device().users.charge(nr_pages, pages_beside, pb_param_ring_pages_max(), true,
				      charge));
	cxxrt::scope_guard uncharge([&] { the_device().users.uncharge(charge); });

	ref<perf_buffer> ring = TRY(perf_buffer::create({
		.nr_pages = nr_pages,
		.watermark = owner.attr().watermark ? owner.attr().wakeup_watermark : 0,
		.node = pb_cpu_node(owner.cpu()),
		.overwrite = !writable,
		.backward = static_cast<bool>(owner.attr().write_backward),
		.storage = chosen_.storage,
		.page_order = page_order_of(nr_pages),
		.marks = !writable && !owner.attr().write_backward,
	}));

	TRY(ring->set_wakeups(chosen_.latency, chosen_.send_wakeups));

	ring_mapping_state &mapping = ring->mapping().unshared();

	mapping.charge = charge;
	mapping.number = last_ring_number.fetch_add(1) + 1;
	uncharge.dismiss();
	return ring;
}

/* Returns the ring for a mapping of @nr_pages data pages, and counts the mapping. Under map_mutex_,
 * so that two first mappings do not make two rings. */
result<ref<perf_buffer>> file::ring_for_map(event &owner, u32 nr_pages, bool writable) noexcept
{
	for (;;) {
		ref<perf_buffer> ring = ring_of(owner);

		if (!ring) {
			ring = TRY(new_ring(owner, nr_pages, writable));
			ring->mapping().unshared().mappings = 1;

			lock_guard held(the_device().attach_lock);

			attach(owner, ring.get());
			return ring;
		}

		if (ring->nr_pages() != nr_pages)
			return error(EINVAL);

		auto mapping = ring->mapping().lock();

		if (mapping->mappings) {
			mapping->mappings++;
			return ring;
		}

		/*
		 * The last mapping of the ring is being unmapped: SET_OUTPUT sent this file there,
		 * and detach_all() has not reached this file yet. Detach, and make a ring of its
		 * own.
		 */
		lock_guard held(the_device().attach_lock);

		if (owner.ring() == ring.get())
			attach(owner, nullptr);
	}
}

result<perf_buffer *> file::map(const pb_vma_request &request) noexcept
{
	event *mine = configured();

	if (!mine)
		return error(EBADFD);
	if (mine->state() == event_state::error)
		return error(ENODEV);
	/* The children of such an event would write to one ring from several CPUs. */
	if (mine->cpu() == -1 && mine->attr().inherit)
		return error(EINVAL);
	if (!request.is_shared)
		return error(EINVAL);
	if (is_stats(request.page_offset))
		return map_stats(*mine, request);
	if (request.page_offset)
		return map_aux(*mine, request);

	const u64 nr_pages = (request.bytes >> page_shift) - 1;

	if (nr_pages & (nr_pages - 1))
		return error(EINVAL);
	if (nr_pages > 0x7fffffff)
		return error(ENOMEM);

	ref<perf_buffer> ring;
	{
		lock_guard held(map_mutex_);

		ring = TRY(ring_for_map(*mine, static_cast<u32>(nr_pages), request.is_writable));
		mappings_++;
	}

	result<void> inserted = insert_pages(request, *ring);

	if (!inserted) {
		/* Removes the pages from the VMA before the ring frees them, and then unmaps as a
		 * munmap(2) does. */
		pb_vma_clear(request.vma);
		mapping_closed(*ring.release(), request.page_offset);
		return inserted.error();
	}
	mine->update_user_page(*ring);
	return ring.release();
}

/* Maps the statistics page, read-only. The mapping keeps the ring's memory and its charge, but does
 * not count as a mapping of the data. */
result<perf_buffer *> file::map_stats(event &of, const pb_vma_request &request) noexcept
{
	if (request.bytes != page_size)
		return error(EINVAL);
	if (request.is_writable)
		return error(EACCES);

	ref<perf_buffer> ring = ring_of(of);

	if (!ring)
		return error(EINVAL);

	auto mapping = ring->mapping().lock();

	/* The last mapping of the data is being unmapped. */
	if (!mapping->mappings)
		return error(EINVAL);
	TRY(from_return(pb_vma_insert(request.vma, 0, ring->watch_stats())));
	mapping->stats_mappings++;
	return ring.release();
}

void file::mapping_opened(perf_buffer &ring, u64 page_offset) noexcept
{
	if (is_stats(page_offset)) {
		ring.get();
		ring.mapping().lock()->stats_mappings++;
		return;
	}

	lock_guard held(map_mutex_);

	auto mapping = ring.mapping().lock();

	ring.get();
	mapping->mappings++;
	mapping->aux_mappings += page_offset != 0;
	mappings_++;
}

/* Credits the user's account once no mapping keeps the ring's memory. Under the ring's mapping
 * lock. */
void file::give_back(perf_buffer::mapping_state &mapping) noexcept
{
	if (mapping.mappings || mapping.stats_mappings)
		return;
	the_device().users.uncharge(mapping.charge);
}

/* Takes the ring from every file that writes to it, after the last mapping. Under the ring's
 * mapping lock. */
void file::detach_all(perf_buffer &ring) noexcept
{
	lock_guard held(the_device().attach_lock);

	while (wake_target *target = ring.first_target()) {
		file *attached = static_cast<file *>(target);

		attached->attach(*attached->configured(), nullptr);
	}
}

void file::mapping_closed(perf_buffer &closed, u64 page_offset) noexcept
{
	ref<perf_buffer> ring = ref<perf_buffer>::adopt(&closed);

	if (is_stats(page_offset)) {
		auto mapping = ring->mapping().lock();

		mapping->stats_mappings--;
		give_back(*mapping);
		return;
	}

	event *mine = configured();
	lock_guard held(map_mutex_);
	auto mapping = ring->mapping().lock();

	if (page_offset && !--mapping->aux_mappings)
		unmap_aux(*ring, *mapping);

	/* The last mapping through this file takes its event off the ring, as in perf. */
	if (!--mappings_) {
		lock_guard attached(the_device().attach_lock);

		if (mine->ring() == ring.get())
			attach(*mine, nullptr);
	}
	if (!--mapping->mappings) {
		detach_all(*ring);
		give_back(*mapping);
	}
}

} // namespace perfbuf
