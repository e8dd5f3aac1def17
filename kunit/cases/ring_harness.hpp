/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects that the cases of the ring share: records that can be checked, a writer, and
 * the reader's half of the protocol.
 */
#pragma once

#include "../case.hpp"

#include "ring/write.hpp"

namespace perfbuf::test
{

using cxxrt::ref;
using cxxrt::result;

/* Preemption off, as every writer has it. */
class writer_section
{
public:
	writer_section() noexcept { pb_test_preempt_off(); }
	~writer_section() { pb_test_preempt_on(); }
	writer_section(const writer_section &) = delete;
	writer_section &operator=(const writer_section &) = delete;
};

/* Writes its trailer as 8-byte words that say where they stand. */
class origin final : public record_origin
{
public:
	explicit origin(u64 id = 7, u32 trailer_bytes = 0) noexcept
		: record_origin(id, trailer_bytes)
	{
	}

	static constexpr u64 trailer_word = 0x7261696c7472ULL;

	void write_trailer(reservation &into) const noexcept override
	{
		for (u32 done = 0; done < trailer_bytes; done += 8)
			into.put(trailer_word + done);
	}
};

inline constexpr u32 sample_overhead = sizeof(perf_event_header) + 2 * sizeof(u64);

/* The body of a sample is made of its sequence, so that a reader recognises a torn one. */
inline u64 body_word(u64 sequence, u32 index) noexcept
{
	return (sequence + 1) * 0x9e3779b97f4a7c15ULL ^ (u64{index} << 32 | index);
}

/* A sample of @bytes: header, sequence, and words that follow from both. At least 16 bytes. */
inline void fill_sample(reservation &into, u32 bytes, u64 sequence) noexcept
{
	const perf_event_header header = {
		.type = PERF_RECORD_SAMPLE, .misc = 0, .size = static_cast<u16>(bytes)};

	into.put(header);
	into.put(sequence);
	for (u32 done = 16; done < bytes; done += 8)
		into.put(body_word(sequence, done));
}

/* One record, from begin to commit. 0 or the errno. */
inline int write_sample(perf_buffer &ring, u32 bytes, u64 sequence,
			const record_origin &writer = origin()) noexcept
{
	writer_section section;
	result<reservation> begun = ring.begin(bytes, writer);

	if (!begun)
		return begun.error().code();

	reservation record = begun.take();

	fill_sample(record, bytes, sequence);
	record.commit();
	return 0;
}

inline int flush_lost(perf_buffer &ring, const record_origin &writer = origin()) noexcept
{
	writer_section section;

	ring.flush_lost(writer);
	return 0;
}

/* No writer is between begin and commit: a record of 16 bytes, for which the ring has space, is
 * published at once. */
inline bool is_left(perf_buffer &ring) noexcept
{
	return !write_sample(ring, 16, 0) && ring.user_page()->data_head == ring.reserved();
}

/* The records that a reader found. */
struct seen {
	u32 type = 0;
	u32 bytes = 0;
	u64 sequence = 0; /* of a sample */
	u64 id = 0;	  /* of a LOST */
	u64 lost = 0;
	bool whole = false;
};

/* The reader's half of the protocol, over the pages that a mapping would show. */
class ring_reader
{
public:
	explicit ring_reader(perf_buffer &ring) noexcept : ring_(ring)
	{
		tail_ = ring.user_page()->data_tail;
	}

	/* C, pairs with B in perf_buffer::publish_head. */
	u64 head() const noexcept { return cxxrt::load_acquire(ring_.user_page()->data_head); }
	u64 tail() const noexcept { return tail_; }

	/* D, pairs with A in perf_buffer::advance_head. */
	void store_tail(u64 tail) noexcept
	{
		tail_ = tail;
		cxxrt::store_release(ring_.user_page()->data_tail, tail);
	}

	u64 word(u64 position) const noexcept
	{
		const u64 offset = position & (ring_.size() - 1);
		const u64 page = offset >> page_shift;
		result<unsigned long> frame = ring_.page_frame(page + 1);

		if (!frame)
			return 0;

		const char *base = static_cast<char *>(pb_test_frame_address(frame.take()));

		return *reinterpret_cast<const u64 *>(base + (offset & (page_size - 1)));
	}

	/* The record at @position, whatever the tail says. */
	seen at(u64 position) const noexcept
	{
		const perf_event_header header =
			__builtin_bit_cast(perf_event_header, word(position));
		seen found{.type = header.type, .bytes = header.size};

		if (found.type == PERF_RECORD_LOST) {
			found.id = word(position + 8);
			found.lost = word(position + 16);
			found.whole = found.bytes >= sizeof(lost_record);
			return found;
		}
		found.sequence = word(position + 8);
		found.whole = found.type == PERF_RECORD_SAMPLE && found.bytes >= 16;
		for (u32 done = 16; done < found.bytes; done += 8)
			if (word(position + done) != body_word(found.sequence, done))
				found.whole = false;
		return found;
	}

	/* The next unread record; a forward ring reads up to the head, a backward one from it. */
	bool next(seen &found) noexcept
	{
		if (tail_ == head())
			return false;
		found = at(tail_);
		if (!found.bytes || found.bytes % record_alignment)
			return false;
		tail_ += found.bytes;
		return true;
	}

	/* Gives back what next() has read. */
	void release() noexcept { store_tail(tail_); }

	/* Everything up to the head is read. */
	void drain() noexcept { store_tail(head()); }

private:
	perf_buffer &ring_;
	u64 tail_;
};

inline ref<perf_buffer> make_ring(const perf_buffer::options &wanted) noexcept
{
	result<ref<perf_buffer>> made = perf_buffer::create(wanted);

	return made ? made.take() : ref<perf_buffer>();
}

inline ref<perf_buffer> make_ring(u32 pages = 1) noexcept
{
	return make_ring({.nr_pages = pages});
}

/* A reader that sleeps: counts how often it was woken. Outlive the ring's wakeups: settle. */
class sleeper final : public wake_target
{
public:
	void wake() noexcept override { woken_.fetch_add(1); }
	/* The records since the last look. */
	u32 woken() noexcept
	{
		pb_test_settle_wakeups();
		return woken_.exchange(0);
	}

private:
	cxxrt::shared<u32> woken_;
};

/* A sleeper for as long as the scope lasts. */
class attached_sleeper
{
public:
	explicit attached_sleeper(perf_buffer &ring) noexcept : ring_(ring)
	{
		ring_.attach(target_);
	}
	~attached_sleeper()
	{
		ring_.detach(target_);
		pb_test_settle();
	}
	attached_sleeper(const attached_sleeper &) = delete;
	attached_sleeper &operator=(const attached_sleeper &) = delete;

	u32 woken() noexcept { return target_.woken(); }

private:
	perf_buffer &ring_;
	sleeper target_;
};

/* Fills a ring with records of 64 bytes until one is refused; returns how many went in. */
inline u32 fill(perf_buffer &ring, u32 bytes = 64) noexcept
{
	u32 written = 0;

	while (!write_sample(ring, bytes, written))
		written++;
	return written;
}

} // namespace perfbuf::test
