// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping an AUX area: made by the first mmap(2) at the offset that page 0 names, shared by the
 * later ones, and given up by the last. All of it under the ring's mapping lock, which also is that
 * of the data area; docs/aux.md.
 */
#include "device/aux.hpp"
#include "device/file.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>
#include <cxxrt/platform.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::lock_guard;
using cxxrt::ref;
using cxxrt::result;

namespace
{

/* Checks that the request is for the area that the user page describes. aux_offset and aux_size are
 * under the control of user space: each is read once, here. */
result<void> check_place(perf_buffer &ring, const perf_buffer::mapping_state &mapping,
			 const pb_vma_request &request) noexcept
{
	const u64 offset = cxxrt::read_once(ring.user_page()->aux_offset);
	const u64 bytes = cxxrt::read_once(ring.user_page()->aux_size);
	const u64 nr_pages = request.bytes >> page_shift;
	const aux_area *area = ring.aux();

	if (offset < ring.size() + page_size || offset != u64{request.page_offset} << page_shift)
		return error(EINVAL);
	if (area && mapping.aux_page_offset != request.page_offset)
		return error(EINVAL);
	if (bytes != request.bytes)
		return error(EINVAL);
	if (area && area->nr_pages() != nr_pages)
		return error(EINVAL);
	if (nr_pages & (nr_pages - 1))
		return error(EINVAL);
	return {};
}

result<void> insert_pages(const pb_vma_request &request, const aux_area &area) noexcept
{
	for (u64 i = 0; i < area.nr_pages(); i++)
		TRY(from_return(pb_vma_insert(request.vma, i, TRY(area.page_frame(i)))));
	return {};
}

} // namespace

result<perf_buffer *> file::map_aux(event &mine, const pb_vma_request &request) noexcept
{
	lock_guard held(map_mutex_);
	ref<perf_buffer> ring = ring_of(mine);

	if (!ring)
		return error(EINVAL);
	if (request.bytes >> page_shift > 0x7fffffff)
		return error(ENOMEM);

	auto mapping = ring->mapping().lock();

	TRY(check_place(*ring, *mapping, request));
	/* The last mapping of the data is going. */
	if (!mapping->mappings)
		return error(EINVAL);
	/* Only a file of the source that fills the area may map it, so no file of another source
	 * comes to the ring. */
	if (!aux_of(mine.attr()))
		return error(EOPNOTSUPP);
	if (!ring->aux())
		TRY(make_aux(mine, *ring, *mapping, request));

	result<void> inserted = insert_pages(request, *ring->aux());

	if (!inserted) {
		pb_vma_clear(request.vma);
		if (!mapping->aux_mappings)
			unmap_aux(*ring, *mapping);
		return inserted.error();
	}
	mapping->aux_mappings++;
	mapping->mappings++;
	mappings_++;
	return ring.release();
}

result<void> file::make_aux(event &mine, perf_buffer &ring, perf_buffer::mapping_state &mapping,
			    const pb_vma_request &request) noexcept
{
	const u64 pages = request.bytes >> page_shift;
	const aux_abilities *can = aux_of(mine.attr());
	pb_charge charge;

	if (!request.is_writable && !can->overwrite)
		return error(EOPNOTSUPP);
	TRY(the_device().users.charge(pages, 0, pb_param_aux_pages_max(), false, charge));
	cxxrt::scope_guard uncharge([&] { the_device().users.uncharge(charge); });

	ref<aux_area> area = TRY(aux_area::create(ring, *source_.aux(),
						  {
							  .nr_pages = pages,
							  .watermark = mine.attr().aux_watermark,
							  .node = pb_cpu_node(mine.cpu()),
							  .cpu = mine.cpu(),
							  .overwrite = !request.is_writable,
							  .shared = can->shared,
							  .memory = can->memory,
							  .start = mapping.aux_start,
						  }));

	mapping.aux_page_offset = request.page_offset;
	mapping.aux_charge = charge;
	/* The mappings own the reference now. */
	ring.set_aux(area.release());
	uncharge.dismiss();
	return {};
}

/*
 * Gives up the area after its last mapping, under the ring's mapping lock. No transaction begins
 * once the pointer is cleared. stop_aux() ends the open transactions on their CPUs. A source that
 * breaks the contract and keeps its transaction open also keeps the pages, until it ends.
 */
void file::unmap_aux(perf_buffer &ring, perf_buffer::mapping_state &mapping) noexcept
{
	ref<aux_area> area = ref<aux_area>::adopt(ring.aux());

	ring.set_aux(nullptr);
	/* A writer that read the pointer before has begun its transaction, or finished a packet. */
	cxxrt_synchronize_rcu();
	{
		lock_guard held(the_device().attach_lock);

		for (wake_target *target = ring.first_target(); target;
		     target = target->next.read_once())
			static_cast<file *>(target)->configured()->producer().stop_aux();
	}
	mapping.aux_start = area->published();
	the_device().users.uncharge(mapping.aux_charge);
}

} // namespace perfbuf
