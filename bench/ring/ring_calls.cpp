// SPDX-License-Identifier: GPL-2.0
/* The ring as a producer's module calls it: out of line, from C. */
#include "ours.h"

#include "ring/write.hpp"

using namespace perfbuf;

namespace
{

class nobody final : public record_origin
{
public:
	constexpr nobody() noexcept : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

constinit const nobody origin;
constinit perf_buffer *ring = nullptr;
constinit u64 tail = 0; /* the reader's; in a backward ring where the batch before began */

reservation &of(ours_record *record) noexcept
{
	static_assert(sizeof(ours_record) >= sizeof(reservation));
	return *reinterpret_cast<reservation *>(record);
}

/* As the pages are mapped. */
const char *address(u64 position) noexcept
{
	const u64 offset = position & (ring->size() - 1);

	return static_cast<const char *>(
		       ours_frame_address(ring->page_frame((offset >> page_shift) + 1).take())) +
	       (offset & (page_size - 1));
}

u64 word_at(u64 position) noexcept
{
	return *reinterpret_cast<const u64 *>(address(position));
}

/* As the sources in the module write. */
template <u32 bytes>
u32 write_each(unsigned long long *payload, u32 records) noexcept
{
	u32 written = 0;

	for (u32 i = 0; i < records; i++) {
		[[gnu::uninitialized]] cxxrt::result<reservation> begun =
			ring->begin(sizeof(perf_event_header) + bytes, origin);

		if (begun) [[likely]] {
			reservation record = begun.take();

			record.put(perf_event_header{
				.type = PERF_RECORD_SAMPLE,
				.misc = 0,
				.size = static_cast<u16>(sizeof(perf_event_header) + bytes)});
			record.copy(payload, bytes);
			record.commit();
			written++;
		}
		payload[0]++;
		cxxrt::barrier();
	}
	return written;
}

} // namespace

extern "C" int ours_create(unsigned int pages, int overwrite, int backward, int mirrored)
{
	auto made = perf_buffer::create(
		{.nr_pages = pages,
		 .watermark = u64{pages} << page_shift,
		 .overwrite = overwrite != 0,
		 .backward = backward != 0,
		 .storage = mirrored ? storage_kind::mirrored : storage_kind::pages});

	if (!made)
		return made.error().code();
	ring = made.take().release();
	tail = 0;
	return 0;
}

extern "C" void ours_destroy()
{
	std::exchange(ring, nullptr)->put();
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
	return ring->begin_in_place(bytes, origin);
}

extern "C" void ours_commit()
{
	ring->commit_in_place();
}

extern "C" unsigned int ours_write_inline(unsigned long long *payload, unsigned int bytes,
					  unsigned int records)
{
	switch (bytes) {
	case 8:
		return write_each<8>(payload, records);
	case 64:
		return write_each<64>(payload, records);
	case 256:
		return write_each<256>(payload, records);
	case 1024:
		return write_each<1024>(payload, records);
	case 4096:
		return write_each<4096>(payload, records);
	}
	return 0;
}

extern "C" int ours_read(void *to, unsigned int room)
{
	perf_event_mmap_page *page = ring->user_page();
	/* C, pairs with B in perf_buffer::publish. */
	const u64 head = cxxrt::load_acquire(page->data_head);
	const u64 from = ring->backward() ? head : tail;
	const u64 end = ring->backward() ? tail : head;
	char *next = static_cast<char *>(to);
	u32 bytes = 0;

	for (u64 at = from; at != end;) {
		const auto header = __builtin_bit_cast(perf_event_header, word_at(at));

		if (header.type != PERF_RECORD_SAMPLE || header.size > end - at ||
		    header.size - sizeof(header) > room - bytes)
			return -EIO;
		for (u32 i = sizeof(header); i < header.size; i += sizeof(u64)) {
			const u64 word = word_at(at + i);

			__builtin_memcpy(next + bytes, &word, sizeof(word));
			bytes += sizeof(word);
		}
		at += header.size;
	}
	tail = head;
	/* D, pairs with A in perf_buffer::take. */
	cxxrt::store_release(page->data_tail, tail);
	return static_cast<int>(bytes);
}
