// SPDX-License-Identifier: GPL-2.0
/* Reads a recorder's ring, oldest record first, and checks every word. Any context. */
#include "recorder/walk.hpp"

namespace perfbuf
{

namespace
{

constexpr u64 nowhere = ~u64{0};
/* More records do not interrupt a writer, or something is wrong. */
constexpr u32 chain_max = 4096;

} // namespace

ring_walk::ring_walk(const recorder &of, const recorder_cpu &cpu) noexcept
	: of_(of), cpu_(cpu), ring_(*cpu.ring), published_(ring_.published()),
	  reserved_(ring_.reserved())
{
	/* They are words in memory like all others: what cannot be is taken for what was published
	 * last. */
	if (reserved_ - published_ > ring_.size() || published_ % record_alignment)
		reserved_ = published_;
	oldest_ = reserved_ > ring_.size() ? reserved_ - ring_.size() : 0;
	end_ = published_;
	position_ = oldest_ ? first_mark(oldest_) : 0;
	if (position_ == nowhere)
		begin_unpublished();
}

/* The lowest mark that is not before @from. */
u64 ring_walk::first_mark(u64 from) const noexcept
{
	u64 best = nowhere;

	for (u32 i = 0; i < perf_buffer::mark_count; i++) {
		const u64 mark = cxxrt::read_once(ring_.marks()[i]);

		if (mark >= from && mark <= published_ && mark < best &&
		    mark % record_alignment == 0)
			best = mark;
	}
	return best;
}

void ring_walk::copy(void *to, u64 position, u64 bytes) const noexcept
{
	char *at = static_cast<char *>(to);

	while (bytes) {
		const u64 now = cxxrt::min(bytes, page_size - position % page_size);

		__builtin_memcpy(at, ring_.data().address(position), now);
		at += now;
		position += now;
		bytes -= now;
	}
}

ring_walk::found ring_walk::look(u64 end, u32 &bytes, recorded &out) const noexcept
{
	struct {
		perf_event_header header;
		u32 pid, tid;
		u64 time;
		u64 cpu;
		u32 raw_bytes;
		u16 id;
	} head;

	if (end - position_ < sizeof(perf_event_header))
		return found::nothing;
	copy(&head, position_, sizeof(perf_event_header));
	bytes = head.header.size;
	if (!bytes || bytes % record_alignment || bytes > end - position_)
		return found::nothing;
	if (head.header.type == PERF_RECORD_LOST && bytes == sizeof(lost_record))
		return found::other;
	if (head.header.type != PERF_RECORD_SAMPLE || head.header.misc != PERF_RECORD_MISC_KERNEL ||
	    bytes < payload_at + sizeof(perfbuf_common))
		return found::nothing;
	copy(&head, position_, payload_at + sizeof(head.id));
	if (head.cpu != cpu_.cpu || head.raw_bytes != bytes - payload_at)
		return found::nothing;
	out = {position_, head.time, head.tid, head.raw_bytes, of_.find(head.id)};
	return out.event && head.raw_bytes >= out.event->layout.get().bytes ? found::event
									    : found::nothing;
}

bool ring_walk::next(recorded &out) noexcept
{
	for (;;) {
		u32 bytes = 0;

		if (position_ >= end_) {
			if (end_ == reserved_)
				return false;
			begin_unpublished();
			continue;
		}
		switch (look(end_, bytes, out)) {
		case found::event:
			position_ += bytes;
			newest_ = out.time;
			return true;
		case found::other:
			position_ += bytes;
			continue;
		case found::nothing:
			break;
		}
		damaged_++;
		/* The next mark is a record again; behind the last one there is none to be found.
		 */
		const u64 mark = end_ == published_ ? first_mark(position_ + 1) : nowhere;

		position_ = mark == nowhere ? end_ : mark;
	}
}

/*
 * Finds the records that were reserved and not published: the record of the outermost writer, which
 * is incomplete, and behind it the complete records of writers that interrupted it. The header of
 * the first may be missing, so the others are where a chain of records ends exactly at the end.
 */
void ring_walk::begin_unpublished() noexcept
{
	end_ = reserved_;
	position_ = reserved_;
	if (reserved_ == published_)
		return;
	damaged_++;
	const u64 last = cxxrt::min(reserved_, published_ + record_size_max);

	for (u64 from = published_ + record_alignment; from < last; from += record_alignment) {
		const u64 nested = nested_in_chain(from);

		if (nested != nowhere) {
			position_ = nested;
			return;
		}
	}
}

/*
 * Where the first record of a writer that interrupted the outermost one begins, in a chain of
 * records from @from that ends exactly at the end; nowhere: there is none. Bytes that no writer has
 * reached yet may be records of the lap before: they are older than those that are published.
 */
u64 ring_walk::nested_in_chain(u64 from) const noexcept
{
	ring_walk chain = *this;
	u64 nested = nowhere;

	chain.position_ = from;
	for (u32 records = 0; chain.position_ < reserved_; records++) {
		recorded record;
		u32 bytes = 0;
		const found kind =
			records < chain_max ? chain.look(reserved_, bytes, record) : found::nothing;

		if (kind == found::nothing)
			return nowhere;
		if (kind == found::event && record.time >= newest_ && nested == nowhere)
			nested = chain.position_;
		chain.position_ += bytes;
	}
	return nested;
}

} // namespace perfbuf
