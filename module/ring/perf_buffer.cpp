// SPDX-License-Identifier: GPL-2.0
/* The life of a ring, its pause, and its statistics. */
#include "ring/write.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::ref;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class mapping_lock_class{"perfbuf file ring", {}};

/* The marks lie on the statistics page. It has at least 4096 bytes, even in the host's model, whose
 * data pages are smaller. */
constexpr u64 marks_at = 2048;
static_assert(sizeof(ring_stats) <= marks_at);
static_assert(perf_buffer::mark_count * sizeof(u64) <= 4096 - marks_at);
/* In options::memory the perf_buffer itself lies on a page of its own. */
static_assert(sizeof(perf_buffer) <= 4096);

void *page_alloc(const perf_buffer::options &wanted) noexcept
{
	return wanted.memory ? wanted.memory->alloc(0) : pb_pages_alloc(wanted.node, 0);
}

void page_free(ring_memory *memory, void *page) noexcept
{
	if (memory)
		memory->free(page, 0);
	else
		pb_pages_free(page, 0);
}

void *object_alloc(const perf_buffer::options &wanted) noexcept
{
	return wanted.memory ? wanted.memory->alloc(0)
			     : cxxrt_alloc(sizeof(perf_buffer), PB_GFP_KERNEL);
}

void object_free(ring_memory *memory, void *object) noexcept
{
	if (memory)
		memory->free(object, 0);
	else
		cxxrt_free(object);
}

} // namespace

result<ref<perf_buffer>> perf_buffer::create(const options &wanted) noexcept
{
	storage data = TRY(storage::create(wanted.storage, wanted.nr_pages, wanted.node,
					   wanted.page_order, wanted.memory));
	auto *user_page = static_cast<perf_event_mmap_page *>(page_alloc(wanted));

	if (!user_page)
		return error(ENOMEM);

	cxxrt::scope_guard free_user_page([&] { page_free(wanted.memory, user_page); });
	void *stats_page = page_alloc(wanted);

	if (!stats_page)
		return error(ENOMEM);

	cxxrt::scope_guard free_stats([&] { page_free(wanted.memory, stats_page); });
	void *object = object_alloc(wanted);

	if (!object)
		return error(ENOMEM);

	perf_buffer *ring = ::new (object)
		perf_buffer(wanted, std::move(data), user_page, new (stats_page) ring_stats);

	free_user_page.dismiss();
	free_stats.dismiss();
	return ref<perf_buffer>::adopt(ring);
}

perf_buffer::perf_buffer(const options &wanted, storage &&data, perf_event_mmap_page *user_page,
			 ring_stats *stats) noexcept
	: head_(wanted.start), published_(wanted.start), user_page_(user_page), stats_(stats),
	  storage_(std::move(data)), overwrite_(wanted.overwrite), backward_(wanted.backward),
	  memory_(wanted.memory), woken_at_(wanted.start), latency_(this, latency_expired),
	  wakeup_work_(*this, run_wakeups), references_(1), reclaim_work_(*this, reclaim),
	  mapping_(mapping_lock_class)
{
	const u64 bytes = size();

	mask_ = bytes ? bytes - 1 : 0;
	watermark_ = cxxrt::min(wanted.watermark, bytes);
	if (!watermark_)
		watermark_ = bytes / 2;
	record_max_ = bytes ? static_cast<u32>(cxxrt::min<u64>(record_size_max, capacity())) : 0;
	wakeup_mark_.set(progress(wanted.start) + watermark_);
	if (wanted.marks)
		marks_ = reinterpret_cast<u64 *>(reinterpret_cast<char *>(stats_) + marks_at);
	close_limit();
	pause(false);
	if (mask_)
		set_limit(wanted.start, wanted.start);

	user_page_->cap_bit0_is_deprecated = 1;
	user_page_->size = offsetof(perf_event_mmap_page, __reserved);
	user_page_->data_offset = page_size;
	user_page_->data_size = bytes;
	user_page_->data_head = wanted.start;
	user_page_->data_tail = wanted.start;
}

perf_buffer::~perf_buffer()
{
	page_free(memory_, user_page_);
	page_free(memory_, stats_);
}

void perf_buffer::put() noexcept
{
	if (references_.put())
		reclaim_work_.start();
}

void perf_buffer::put_unused() noexcept
{
	if (references_.put())
		reclaim(*this);
}

/*
 * A grace period has passed since the last reference was put, so no writer uses the ring any more.
 * A wakeup that the last writer raised may still run.
 */
void perf_buffer::reclaim(perf_buffer &ring) noexcept
{
	ring.latency_.stop();
	ring.wakeup_work_.sync();

	ring_memory *memory = ring.memory_;

	ring.~perf_buffer();
	object_free(memory, &ring);
}

void perf_buffer::pause(bool on) noexcept
{
	if (on || !mask_)
		add_reason(slow_path_reasons::paused);
	else
		reasons_.remove(slow_path_reasons::paused);
}

unsigned long perf_buffer::watch_stats() noexcept
{
	if (!reasons_.has(slow_path_reasons::watched)) {
		/* From now on the writers store their counts when they publish. The counts of
		 * earlier records are stored here. */
		add_reason_and_wait(slow_path_reasons::watched);
		ring_stats::raise(stats_->bytes, bytes());
		ring_stats::raise(stats_->records, records_.read());
	}
	return pb_page_frame(stats_);
}

void perf_buffer::publish_stats(u64 head) noexcept
{
	stats_->bytes.write_once(progress(head));
	stats_->records.write_once(records_.read());
}

void perf_buffer::note_reservation(u64 head, u64 tail) noexcept
{
	const u32 depth = nest_.read() & nest_depth;

	ring_stats::raise(stats_->nesting, depth);
	if (!overwrite_)
		ring_stats::raise(stats_->high_water, (progress(head) - progress(tail)) & mask_);
	if (depth <= timed_depths)
		begun_[depth - 1].set(pb_duration_clock_ns());
}

void perf_buffer::note_commit(u32 depth) noexcept
{
	if (depth <= timed_depths)
		ring_stats::raise(stats_->longest,
				  pb_duration_clock_ns() - begun_[depth - 1].read());
}

result<unsigned long> perf_buffer::page_frame(u64 index) const noexcept
{
	if (!index)
		return pb_page_frame(user_page_);
	if (index > nr_pages())
		return error(ENXIO);
	return pb_page_frame(storage_.page(static_cast<u32>(index - 1)));
}

result<u64> perf_buffer::reserved_after_copy(int cpu) const noexcept
{
	/* A writer moves the position before it stores, and executes no barrier between the two. */
	TRY(cxxrt::from_return(pb_order_stores(cpu)));
	return reserved();
}

bool perf_buffer::holds_after_copy(u64 position) const noexcept
{
	/*
	 * A store that was seen is behind the barrier of the publication before (B). So the
	 * positions that are not seen yet are those of one writer and of the writers that
	 * interrupted it, and these do not reserve half of a ring.
	 */
	const u64 unseen = pb_order_stores(-1) ? size() / 2 : 0;

	cxxrt::smp_rmb();
	return progress(reserved()) - progress(position) <= size() - unseen;
}

} // namespace perfbuf
