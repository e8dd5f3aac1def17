// SPDX-License-Identifier: GPL-2.0
/* The ring as a producer's module calls it: out of line, from C. */
#include "ours.h"

#include "ring/write.hpp"

using namespace perfbuf;

namespace
{

class bare_origin final : public record_origin
{
public:
	constexpr bare_origin() noexcept : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

constinit const bare_origin origin;
constinit perf_buffer *ring = nullptr; /* the chosen one */

/* With its reader's tail, which in a backward ring is where the batch before began. */
struct one_of_all {
	perf_buffer *ring;
	u64 tail;
};

constinit one_of_all rings[OURS_RINGS_MOST] = {};
constinit u32 ring_count = 0;
constinit u32 turn = 0; /* whose the next record is */
constinit bool stamped = false;
constinit u64 last_stamp = 0;

reservation &of(ours_record *record) noexcept
{
	static_assert(sizeof(ours_record) >= sizeof(reservation));
	return *reinterpret_cast<reservation *>(record);
}

/* As the pages are mapped. */
const char *address(const perf_buffer &of, u64 position) noexcept
{
	const u64 offset = position & (of.size() - 1);

	return static_cast<const char *>(
		       ours_frame_address(of.page_frame((offset >> page_shift) + 1).take())) +
	       (offset & (page_size - 1));
}

u64 word_at(const perf_buffer &of, u64 position) noexcept
{
	return *reinterpret_cast<const u64 *>(address(of, position));
}

/* As the sources in the module write. */
template <bool with_time, u32 bytes>
u32 write_each(unsigned long long *payload, u32 records) noexcept
{
	constexpr u32 size = sizeof(perf_event_header) + (with_time ? sizeof(u64) : 0) + bytes;
	u32 written = 0;

	for (u32 i = 0; i < records; i++) {
		__attribute__((uninitialized)) cxxrt::result<reservation> begun =
			ring->begin(size, origin);

		if (begun) [[likely]] {
			reservation record = begun.take();

			record.put(perf_event_header{.type = PERF_RECORD_SAMPLE,
						     .misc = 0,
						     .size = static_cast<u16>(size)});
			if constexpr (with_time)
				record.put(static_cast<u64>(ours_clock()));
			record.copy(payload, bytes);
			record.commit();
			written++;
		}
		payload[0]++;
		cxxrt::barrier();
	}
	return written;
}

template <bool with_time>
u32 write_sized(unsigned long long *payload, u32 bytes, u32 records) noexcept
{
	switch (bytes) {
	case 8:
		return write_each<with_time, 8>(payload, records);
	case 64:
		return write_each<with_time, 64>(payload, records);
	case 256:
		return write_each<with_time, 256>(payload, records);
	case 1024:
		return write_each<with_time, 1024>(payload, records);
	case 4096:
		return write_each<with_time, 4096>(payload, records);
	}
	return 0;
}

/* The records that read() has found in a ring. */
struct unread {
	u64 at, end;
};

unread unread_of(const one_of_all &of) noexcept
{
	/* C, pairs with B in perf_buffer::publish_head. */
	const u64 head = cxxrt::load_acquire(of.ring->user_page()->data_head);

	if (!of.ring->backward())
		return {of.tail, head};
	/* Overwritten records are gone. */
	return {head, of.tail - head > of.ring->size() ? head + of.ring->size() : of.tail};
}

/* Copies a payload; how many bytes, or -EIO. */
int read_payload(const perf_buffer &of, u64 at, u32 size, char *to, u32 space) noexcept
{
	u32 skip = sizeof(perf_event_header);

	if (stamped) {
		const u64 stamp = word_at(of, at + skip);

		/* A backward ring gives the latest first. */
		if (!stamp || (!of.backward() && stamp < last_stamp))
			return -EIO;
		last_stamp = stamp;
		skip += sizeof(stamp);
	}
	if (size < skip || size - skip > space)
		return -EIO;
	for (u32 i = skip; i < size; i += sizeof(u64)) {
		const u64 word = word_at(of, at + i);

		__builtin_memcpy(to + i - skip, &word, sizeof(word));
	}
	return static_cast<int>(size - skip);
}

/* Rings that were written in turn, from @turn on. */
int read_in_turn(one_of_all *all, u32 count, u32 &turn, char *to, u32 space,
		 unsigned long long &lost) noexcept
{
	unread left[OURS_RINGS_MOST];
	u32 bytes = 0;

	for (u32 i = 0; i < count; i++)
		left[i] = unread_of(all[i]);
	while (left[turn].at != left[turn].end) {
		const perf_buffer &of = *all[turn].ring;
		const u64 at = left[turn].at;
		const auto header = __builtin_bit_cast(perf_event_header, word_at(of, at));

		if (header.size > left[turn].end - at) {
			/* The oldest was written over in part. */
			if (of.overwrite() && left[turn].end != all[turn].tail)
				break;
			return -EIO;
		}
		left[turn].at += header.size;
		if (header.type == PERF_RECORD_LOST && header.size >= sizeof(lost_record)) {
			lost += word_at(of, at + offsetof(lost_record, lost));
			continue;
		}
		if (header.type != PERF_RECORD_SAMPLE)
			return -EIO;

		const int read = read_payload(of, at, header.size, to + bytes, space - bytes);

		if (read < 0)
			return read;
		bytes += static_cast<u32>(read);
		turn = (turn + 1) % count;
	}
	for (u32 i = 0; i < count; i++) {
		perf_event_mmap_page *page = all[i].ring->user_page();

		all[i].tail = page->data_head;
		/* D, pairs with A in perf_buffer::advance_head. */
		cxxrt::store_release(page->data_tail, all[i].tail);
	}
	return static_cast<int>(bytes);
}

} // namespace

extern "C" int ours_create(const ours_wanted *wanted)
{
	for (ring_count = 0; ring_count < wanted->rings; ring_count++) {
		auto made = perf_buffer::create(
			{.nr_pages = wanted->pages,
			 .watermark = u64{wanted->pages} << page_shift,
			 .overwrite = wanted->overwrite != 0,
			 .backward = wanted->backward != 0,
			 .storage = wanted->mirrored ? storage_kind::mirrored : storage_kind::pages,
			 /* As the device asks for them. */
			 .page_order = 3});

		if (!made)
			return made.error().code();
		rings[ring_count] = {made.take().release(), 0};
	}
	ring = rings[0].ring;
	turn = 0;
	stamped = wanted->stamp == OURS_STAMPED;
	last_stamp = 0;
	return 0;
}

extern "C" void ours_destroy()
{
	while (ring_count)
		std::exchange(rings[--ring_count].ring, nullptr)->put();
	ring = nullptr;
}

extern "C" void ours_choose(unsigned int chosen)
{
	ring = rings[chosen].ring;
}

extern "C" int ours_begin(ours_record *record, unsigned long bytes)
{
	return ring->begin_at(record, bytes, origin);
}

extern "C" void ours_copy(ours_record *record, const void *from, unsigned long bytes)
{
	of(record).copy(from, bytes);
}

extern "C" void ours_end(ours_record *record)
{
	of(record).commit();
}

extern "C" void *ours_reserve(unsigned long bytes)
{
	return ring->reserve_contiguous(bytes, origin);
}

extern "C" void *ours_reserve_burst(unsigned long bytes, unsigned int records)
{
	void *at = ring->reserve_contiguous(bytes, origin);

	ring->count_burst(records, at ? 0 : ENOSPC);
	return at;
}

extern "C" void ours_commit()
{
	ring->commit_contiguous();
}

extern "C" unsigned int ours_write_inline(unsigned long long *payload, unsigned int bytes,
					  unsigned int records)
{
	return stamped ? write_sized<true>(payload, bytes, records)
		       : write_sized<false>(payload, bytes, records);
}

extern "C" int ours_read(void *to, unsigned int space, unsigned long long *lost)
{
	return read_in_turn(rings, ring_count, turn, static_cast<char *>(to), space, *lost);
}

extern "C" int ours_begin_in(unsigned int chosen, ours_record *record, unsigned long bytes)
{
	return rings[chosen].ring->begin_at(record, bytes, origin);
}

extern "C" void *ours_reserve_in(unsigned int chosen, unsigned long bytes)
{
	return rings[chosen].ring->reserve_contiguous(bytes, origin);
}

extern "C" void ours_commit_in(unsigned int chosen)
{
	rings[chosen].ring->commit_contiguous();
}

extern "C" int ours_read_in(unsigned int chosen, void *to, unsigned int space,
			    unsigned long long *lost)
{
	u32 only = 0;

	return read_in_turn(&rings[chosen], 1, only, static_cast<char *>(to), space, *lost);
}
