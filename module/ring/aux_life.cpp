// SPDX-License-Identifier: GPL-2.0
/* The life of an AUX area: its memory, its owner's part, and its release. */
#include "ring/aux.hpp"

#include "ring/perf_buffer.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::ref;
using cxxrt::result;

result<ref<aux_area>> aux_area::create(perf_buffer &ring, aux_owner &owner,
				       const options &wanted) noexcept
{
	aux_storage memory = TRY(aux_storage::create(wanted.nr_pages, wanted.memory, wanted.node));
	aux_area *made = new (cxxrt::gfp::kernel) aux_area(ring, owner, wanted, std::move(memory));

	if (!made)
		return error(ENOMEM);

	const perfbuf_aux_pages pages = {
		.pages = made->storage_.pages(),
		.orders = made->storage_.orders(),
		.nr_pages = made->nr_pages(),
		.overwrite = wanted.overwrite,
		.cpu = wanted.cpu,
	};
	result<void *> private_data = owner.setup_aux(pages);

	if (!private_data) {
		delete made;
		return private_data.error();
	}
	made->private_data_ = private_data.take();
	ring.get();
	return ref<aux_area>::adopt(made);
}

aux_area::aux_area(perf_buffer &ring, aux_owner &owner, const options &wanted,
		   aux_storage &&memory) noexcept
	: head_(wanted.start), published_(wanted.start), wakeup_stamp_(wanted.start),
	  start_(wanted.start), woken_at_(wanted.start), ring_(ring), overwrite_(wanted.overwrite),
	  shared_(wanted.shared), storage_(std::move(memory)), owner_(owner), references_(1),
	  release_work_(*this, release), reclaim_work_(*this, reclaim)
{
	watermark_ = wanted.watermark;
	if (!watermark_)
		watermark_ = cxxrt::min<u64>(size() / 2, 0xffffffff);
}

aux_area::~aux_area() = default;

void aux_area::release(aux_area &area) noexcept
{
	area.reclaim_work_.start();
}

/* A grace period has passed since the last reference was put, so no caller that found the area
 * through perf_buffer::aux() uses it any more. */
void aux_area::reclaim(aux_area &area) noexcept
{
	perf_buffer &ring = area.ring_;

	area.release_work_.sync();
	area.owner_.free_aux(area.private_data_);
	delete &area;
	ring.put();
}

result<unsigned long> aux_area::page_frame(u64 index) const noexcept
{
	if (index >= nr_pages())
		return error(ENXIO);
	return pb_page_frame(storage_.pages()[index]);
}

} // namespace perfbuf
