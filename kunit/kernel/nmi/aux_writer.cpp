// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in AUX: into a shared area by short reservations, into an exclusive one a
 * transaction each. A packet names its writer and its number there, and its other
 * words follow from that. What is refused has a number, too, and is counted.
 */
#include "aux_writer.hpp"

#include "ring/aux.hpp"
#include "ring/write.hpp"

using namespace perfbuf;

namespace
{

using cxxrt::local;
using cxxrt::ref;
using cxxrt::result;
using cxxrt::shared;

constexpr u32 aux_pages = 8;
constexpr u32 words_min = 3;
constexpr u32 words_max = 8;

constinit shared<u64> areas_made, areas_freed;

class keeper final : public aux_owner
{
public:
	result<void *> setup_aux(const perfbuf_aux_pages &) noexcept override
	{
		areas_made.fetch_add(1);
		return static_cast<void *>(this);
	}
	void free_aux(void *) noexcept override { areas_freed.fetch_add(1); }
};

constinit keeper owner;

class bare_origin final : public record_origin
{
public:
	constexpr bare_origin() noexcept : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

struct packet {
	u64 words[words_max];
	u32 count;

	packet(u32 context, u64 number) noexcept
	{
		count = words_min + static_cast<u32>(number % (words_max - words_min + 1));
		words[0] = u64{context} << 56 | u64{count} << 48 | number;
		for (u32 i = 1; i < count; i++)
			words[i] = word(words[0], i);
	}
	static u64 word(u64 head, u32 index) noexcept
	{
		return (head + index) * 0x9e3779b97f4a7c15ULL;
	}
	u64 bytes() const noexcept { return count * sizeof(u64); }
};

/* Pages as a mapping has them: through their frames. */
struct window {
	const char *pages[RING_PAGES_MAX];
	u64 mask;

	u64 word(u64 position) const noexcept
	{
		const u64 offset = position & mask;

		return *reinterpret_cast<const u64 *>(pages[offset >> page_shift] +
						      (offset & (page_size - 1)));
	}
};

struct writer_state {
	local<u64> attempted;
	local<u64> refused;
};

struct test_state {
	perf_buffer *ring;
	aux_area *area;
	bool is_shared;
	writer_state writers[CONTEXTS];
	local<u64> nested, no_space;

	/* The reader's. */
	window data, aux;
	u64 tail, reported;
	u64 next[CONTEXTS];
	u64 received[CONTEXTS];
	const char *failure;
};

constinit test_state state{};

/* With a ring and an area that writers find. 0 or an errno. */
int make(bool is_shared, ref<perf_buffer> &ring) noexcept
{
	result<ref<perf_buffer>> made = perf_buffer::create({.nr_pages = RING_PAGES_MAX});

	if (!made)
		return made.error().code();
	ring = made.take();

	auto mapping = ring->mapping().lock();
	result<ref<aux_area>> area =
		aux_area::create(*ring, owner, {.nr_pages = aux_pages, .shared = is_shared});

	if (!area)
		return area.error().code();
	ring->set_aux(area.take().release());
	return 0;
}

int write_shared(aux_area &area, const packet &packet) noexcept
{
	const bare_origin origin;
	result<aux_reservation> begun = area.reserve(packet.bytes(), origin);

	if (!begun)
		return begun.error().code();

	aux_reservation taken = begun.take();

	/* Word by word, so that there is something to interrupt. */
	for (u32 i = 0; i < packet.count; i++)
		taken.copy(&packet.words[i], sizeof(u64));
	taken.commit(origin);
	return 0;
}

/* The transaction takes over a reference. */
int write_exclusive(aux_area &area, const packet &packet) noexcept
{
	perfbuf_aux_handle handle;
	result<void> begun = area.begin(handle);

	if (!begun)
		return begun.error().code();

	const bool fits = handle.size >= packet.bytes();

	for (u32 i = 0; fits && i < packet.count; i++)
		area.copy_from(handle.head + i * sizeof(u64), &packet.words[i], sizeof(u64));
	area.get();
	(void)area.end(handle, fits ? packet.bytes() : 0, bare_origin());
	return fits ? 0 : EAGAIN;
}

const char *check_packets(u64 to) noexcept
{
	while (state.reported != to) {
		const u64 head = state.aux.word(state.reported);
		const u32 context = static_cast<u32>(head >> 56);
		const u32 words = static_cast<u32>(head >> 48 & 0xff);
		const u64 number = head & ((u64{1} << 48) - 1);

		if (context >= CONTEXTS || words < words_min || words > words_max ||
		    words * sizeof(u64) > to - state.reported)
			return "what is no packet";
		for (u32 i = 1; i < words; i++)
			if (state.aux.word(state.reported + i * sizeof(u64)) !=
			    packet::word(head, i))
				return "a torn packet";
		if (number < state.next[context])
			return "a packet that is doubled or out of order";
		state.next[context] = number + 1;
		state.received[context]++;
		state.reported += words * sizeof(u64);
	}
	return nullptr;
}

const char *check_record(u64 unread, u32 &bytes) noexcept
{
	const auto header = __builtin_bit_cast(perf_event_header, state.data.word(state.tail));

	bytes = header.size;
	if (header.type != PERF_RECORD_AUX || bytes != sizeof(aux_record) || bytes > unread)
		return "a record that is not one of AUX";
	if (state.data.word(state.tail + offsetof(aux_record, offset)) != state.reported)
		return "AUX that is not announced, or twice";

	const u64 size = state.data.word(state.tail + offsetof(aux_record, size));

	return size > aux_pages * page_size ? "more AUX than there is"
					    : check_packets(state.reported + size);
}

} // namespace

/* ---------------------------------------------------------------- in place of records */

bool aux_test::is_on() noexcept
{
	return state.area;
}

int aux_test::write(unsigned int context) noexcept
{
	writer_state &mine = state.writers[context];
	const packet packet(context, mine.attempted.read());
	aux_area *area = state.ring->aux();
	int ret = ENXIO;

	mine.attempted.add(1);
	if (area && area->try_get()) {
		ret = state.is_shared ? write_shared(*area, packet)
				      : write_exclusive(*area, packet);
		area->put();
	}
	if (ret)
		mine.refused.add(1);
	if (ret == EBUSY)
		state.nested.add(1);
	if (ret == ENOSPC)
		state.no_space.add(1);
	return ret;
}

int aux_test::read(unsigned int records) noexcept
{
	perf_event_mmap_page *page = state.ring->user_page();
	/* C, pairs with B in perf_buffer::publish_head. */
	const u64 head = cxxrt::load_acquire(page->data_head);
	unsigned int done = 0;

	while (state.tail != head && done < records) {
		u32 bytes = 0;

		state.failure = check_record(head - state.tail, bytes);
		if (state.failure)
			return -1;
		state.tail += bytes;
		done++;
	}
	/* D, pairs with A in perf_buffer::advance_head and in aux_area::space. */
	cxxrt::store_release(page->data_tail, state.tail);
	cxxrt::store_release(page->aux_tail, state.reported);
	return static_cast<int>(done);
}

bool aux_test::is_half_empty() noexcept
{
	const u64 tail = cxxrt::read_once(state.ring->user_page()->aux_tail);

	return state.area->published() - tail < state.area->size() / 2;
}

void aux_test::get_counts(nmi_counts &to) noexcept
{
	for (u32 i = 0; i < CONTEXTS; i++) {
		to.attempted[i] = state.writers[i].attempted.read();
		to.refused[i] = state.writers[i].refused.read();
		to.received[i] = state.received[i];
	}
	to.given_up = 0;
	to.reported =
		state.ring->stats().aux_truncated.read() + state.ring->stats().aux_nested.read();
}

unsigned long long aux_test::attempted() noexcept
{
	u64 sum = 0;

	for (const writer_state &writer : state.writers)
		sum += writer.attempted.read();
	return sum;
}

const char *aux_test::failure() noexcept
{
	return state.failure;
}

const char *aux_test::account() noexcept
{
	const ring_stats &stats = state.ring->stats();

	state.failure = nullptr;
	for (u32 i = 0; i < CONTEXTS; i++) {
		const writer_state &writer = state.writers[i];

		if (state.received[i] + writer.refused.read() != writer.attempted.read())
			state.failure = "a packet was published and is not there";
	}
	if (state.reported != state.area->published() ||
	    state.reported != cxxrt::read_once(state.ring->user_page()->aux_head))
		state.failure = "aux_head is not where the records end";
	if (stats.aux_bytes.read() != state.reported)
		state.failure = "the ring counts other bytes than there are";
	if (stats.aux_nested.read() != state.nested.read())
		state.failure = "transactions that were refused are not counted";
	if (stats.aux_truncated.read() != state.no_space.read())
		state.failure = "a refusal for want of space is not counted";
	if (state.ring->losses().total())
		state.failure = "a record of AUX was lost";
	return state.failure;
}

void aux_test::destroy() noexcept
{
	state.ring->set_aux(nullptr);
	cxxrt_synchronize_rcu();
	std::exchange(state.area, nullptr)->put();
	std::exchange(state.ring, nullptr)->put();
}

extern "C" int nmi_aux_create(int is_shared) noexcept
{
	ref<perf_buffer> ring;
	const int ret = make(is_shared, ring);

	if (ret)
		return ret;
	state = {};
	state.is_shared = is_shared;
	for (u32 i = 0; i < RING_PAGES_MAX; i++)
		state.data.pages[i] = static_cast<const char *>(
			nmi_frame_address(ring->page_frame(i + 1).take()));
	state.data.mask = ring->size() - 1;
	for (u32 i = 0; i < aux_pages; i++)
		state.aux.pages[i] = static_cast<const char *>(
			nmi_frame_address(ring->aux()->page_frame(i).take()));
	state.aux.mask = ring->aux()->size() - 1;
	state.ring = ring.release();
	cxxrt::barrier();
	state.area = state.ring->aux();
	return 0;
}

/* ---------------------------------------------------------------- the last reference */

namespace
{

enum stage : u32 { idle, asked, entering, inside, dropped, over };

struct last_state {
	shared<u32> stage;
	perf_buffer *ring;
	bool well;
};

constinit last_state last{};

void wait_for(stage wanted) noexcept
{
	while (last.stage.read_once() != wanted)
		asm volatile("pause");
}

} // namespace

extern "C" int nmi_last_prepare() noexcept
{
	ref<perf_buffer> ring;
	const int ret = make(true, ring);

	if (ret)
		return ret;
	last.ring = ring.release();
	last.well = false;
	last.stage.write_once(asked);
	return 0;
}

extern "C" void nmi_last_hold() noexcept
{
	if (!last.stage.try_cmpxchg(asked, entering))
		return;

	aux_area *area = last.ring->aux();
	const packet packet(CONTEXT_NMI, 1);

	if (area->try_get()) {
		last.stage.write_once(inside);
		wait_for(dropped);
		/* Ours is the last: the memory is there until we put it. */
		last.well = !write_shared(*area, packet);
		for (u32 i = 0; i < packet.count; i++)
			last.well = last.well &&
				    !__builtin_memcmp(area->memory().at(i * sizeof(u64)).address,
						      &packet.words[i], sizeof(u64));
		area->put();
	}
	last.stage.write_once(over);
}

extern "C" int nmi_last_is_inside() noexcept
{
	return last.stage.read_once() == inside;
}

extern "C" int nmi_last_drop() noexcept
{
	aux_area *area = last.ring->aux();

	last.ring->set_aux(nullptr);
	area->put();
	last.stage.write_once(dropped);
	wait_for(over);
	last.stage.write_once(idle);
	std::exchange(last.ring, nullptr)->put();
	return last.well;
}

extern "C" unsigned long long nmi_areas_left() noexcept
{
	return areas_made.read_once() - areas_freed.read_once();
}
