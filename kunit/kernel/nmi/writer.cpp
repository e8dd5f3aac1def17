// SPDX-License-Identifier: GPL-2.0
/* Writes records that can be checked, in any context, and reads them. */
#include "nmi.h"

#include "aux_writer.hpp"
#include "ring/write.hpp"

using namespace perfbuf;

namespace
{

using cxxrt::local;
using cxxrt::ref;
using cxxrt::result;

constexpr u32 largest_body = 14;

/* Each word of a record follows from its writer and number. */
u64 body_word(u64 tag, u32 index) noexcept
{
	return (tag + 1) * 0x9e3779b97f4a7c15ULL ^ (u64{index} * 0xff51afd7ed558ccdULL);
}

u64 tag_of(u32 context, u64 sequence) noexcept
{
	return u64{context} << 56 | sequence;
}

/* The counts of a context are its own; what interrupts it has others. */
struct writer_state {
	local<u64> attempted;
	local<u64> refused;
};

struct test_state {
	perf_buffer *ring;
	writer_state writers[CONTEXTS];
	local<u64> given_up;

	/* The reader's. */
	const char *pages[RING_PAGES_MAX]; /* through the frames, as a mapping has them */
	u64 tail;
	u64 next[CONTEXTS]; /* the least sequence that may come */
	u64 received[CONTEXTS];
	u64 reported;
	const char *failure;
};

constinit test_state state{};

class bare_origin final : public record_origin
{
public:
	constexpr bare_origin() noexcept : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

u64 word_at(u64 position) noexcept
{
	const u64 offset = position & (state.ring->size() - 1);

	return *reinterpret_cast<const u64 *>(state.pages[offset >> page_shift] +
					      (offset & (page_size - 1)));
}

u32 words_of(u64 tag) noexcept
{
	return 1 + static_cast<u32>(body_word(tag, 0) >> 32) % largest_body;
}

u32 bytes_of(u64 tag) noexcept
{
	return 16 + 8 * words_of(tag);
}

/* More than one of @records are a burst. */
int write_records(u32 context, u32 records, bool gives_up) noexcept
{
	const bare_origin origin;
	writer_state &mine = state.writers[context];
	const u64 first = tag_of(context, mine.attempted.read());
	u32 bytes = 0;

	for (u32 i = 0; i < records; i++)
		bytes += bytes_of(first + i);
	mine.attempted.add(records);

	result<reservation> begun = records > 1 ? state.ring->begin_burst(bytes, records, origin)
				    : gives_up	? state.ring->begin_discardable(bytes, origin)
						: state.ring->begin(bytes, origin);

	if (!begun) {
		mine.refused.add(records);
		return begun.error().code();
	}

	reservation all = begun.take();

	for (u64 tag = first; tag < first + records; tag++) {
		all.put(perf_event_header{.type = PERF_RECORD_SAMPLE,
					  .misc = 0,
					  .size = static_cast<u16>(bytes_of(tag))});
		all.put(tag);
		for (u32 i = 1; i <= words_of(tag); i++)
			all.put(body_word(tag, i));
	}
	if (gives_up) {
		state.given_up.add(records);
		all.discard(bytes, origin, records);
	} else {
		all.commit();
	}
	return 0;
}

int write_one(u32 context, bool gives_up) noexcept
{
	return write_records(context, 1, gives_up);
}

const char *check_sample(u64 position, u32 bytes) noexcept
{
	const u64 tag = word_at(position + 8);
	const u32 context = static_cast<u32>(tag >> 56);
	const u64 sequence = tag & ((u64{1} << 56) - 1);

	if (context >= CONTEXTS)
		return "a record that no writer wrote";
	if (bytes != bytes_of(tag))
		return "a record of another size than was written";
	for (u32 i = 1; i <= (bytes - 16) / 8; i++)
		if (word_at(position + 8 + 8 * i) != body_word(tag, i))
			return "a torn record";
	if (sequence < state.next[context])
		return "a record that is doubled or out of order";
	state.next[context] = sequence + 1;
	state.received[context]++;
	return nullptr;
}

const char *check_record(u64 position, u64 unread, u32 &bytes) noexcept
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, word_at(position));

	bytes = header.size;
	if (bytes < 16 || bytes % record_alignment || bytes > unread)
		return "what is no record";
	if (header.type == PERF_RECORD_SAMPLE)
		return check_sample(position, bytes);
	if (header.type != PERF_RECORD_LOST || bytes < sizeof(lost_record))
		return "a record of an unknown type";
	state.reported += word_at(position + 16);
	return nullptr;
}

} // namespace

extern "C" int nmi_ring_create(unsigned int pages) noexcept
{
	result<ref<perf_buffer>> made = perf_buffer::create({.nr_pages = pages});

	if (!made)
		return made.error().code();
	state = {};
	state.ring = made.take().release();
	for (u32 i = 0; i < pages; i++)
		state.pages[i] = static_cast<const char *>(
			nmi_frame_address(state.ring->page_frame(i + 1).take()));
	return 0;
}

extern "C" void nmi_ring_destroy() noexcept
{
	if (aux_test::is_on())
		return aux_test::destroy();
	std::exchange(state.ring, nullptr)->put();
}

extern "C" void nmi_fill(nmi_context context) noexcept
{
	while (!write_one(context, false))
		;
}

extern "C" int nmi_write(nmi_context context, nmi_how how) noexcept
{
	if (aux_test::is_on())
		return aux_test::write(context);
	if (how == WRITE_AFTER_A_LOSS) {
		state.writers[context].attempted.add(1);
		state.writers[context].refused.add(1);
		state.ring->count_loss(loss_cause::recursion);
	}
	if (how == WRITE_BURST || how == WRITE_BURST_AND_GIVE_UP)
		return write_records(context, 3, how == WRITE_BURST_AND_GIVE_UP);
	return write_one(context, how == WRITE_AND_GIVE_UP);
}

extern "C" int nmi_half_empty() noexcept
{
	if (aux_test::is_on())
		return aux_test::is_half_empty();
	return state.ring->unread() < state.ring->size() / 2;
}

extern "C" void nmi_flush() noexcept
{
	if (!aux_test::is_on())
		state.ring->flush_lost(bare_origin());
}

extern "C" int nmi_read(unsigned int records) noexcept
{
	if (aux_test::is_on())
		return aux_test::read(records);

	perf_event_mmap_page *page = state.ring->user_page();
	/* C, pairs with B in perf_buffer::publish_head. */
	const u64 head = cxxrt::load_acquire(page->data_head);
	unsigned int read = 0;

	while (state.tail != head && read < records) {
		u32 bytes = 0;

		state.failure = check_record(state.tail, head - state.tail, bytes);
		if (state.failure)
			return -1;
		state.tail += bytes;
		read++;
	}
	/* D, pairs with A in perf_buffer::advance_head. */
	cxxrt::store_release(page->data_tail, state.tail);
	return static_cast<int>(read);
}

extern "C" const char *nmi_failure() noexcept
{
	const char *failure = aux_test::is_on() ? aux_test::failure() : state.failure;

	return failure ? failure : "nothing";
}

extern "C" void nmi_get_counts(nmi_counts *to) noexcept
{
	if (aux_test::is_on())
		return aux_test::get_counts(*to);
	for (u32 i = 0; i < CONTEXTS; i++) {
		to->attempted[i] = state.writers[i].attempted.read();
		to->refused[i] = state.writers[i].refused.read();
		to->received[i] = state.received[i];
	}
	to->given_up = state.given_up.read();
	to->reported = state.reported;
}

extern "C" unsigned long long nmi_attempted() noexcept
{
	if (aux_test::is_on())
		return aux_test::attempted();

	u64 sum = 0;

	for (const writer_state &writer : state.writers)
		sum += writer.attempted.read();
	return sum;
}

extern "C" int nmi_accounts() noexcept
{
	if (aux_test::is_on())
		return aux_test::account() ? -1 : 0;

	nmi_counts now;
	u64 refused = 0;
	u64 received = 0;

	nmi_get_counts(&now);
	for (u32 i = 0; i < CONTEXTS; i++) {
		refused += now.refused[i];
		received += now.received[i];
	}
	state.failure = nullptr;
	if (received + refused + now.given_up != nmi_attempted())
		state.failure = "a record was committed and is not there";
	else if (now.reported != refused)
		state.failure = "PERF_RECORD_LOST does not report what was lost";
	else if (state.ring->records() != received)
		state.failure = "the ring counts other records than there are";
	else if (state.ring->losses().total() != refused)
		state.failure = "the ring counts other losses than there were";
	return state.failure ? -1 : 0;
}
