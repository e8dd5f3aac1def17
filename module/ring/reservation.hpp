/* SPDX-License-Identifier: GPL-2.0 */
/* A reserved record that is being written. */
#pragma once

#include "ring/debug.hpp"
#include "ring/record_origin.hpp"

namespace perfbuf
{

/* A reserved record whose bytes are contiguous in kernel memory. */
struct contiguous_record {
	u64 position; /* of its first byte in the stream */
	char *address;
};

/*
 * Bytes that perf_buffer::begin() reserved. Move-only. The caller ends it with commit() or
 * discard(); debug builds check that, and that every byte was written or skipped. The inline
 * functions are in ring/write.hpp.
 */
class [[nodiscard]] reservation
{
public:
	reservation(reservation &&other) noexcept;
	reservation(const reservation &) = delete;
	reservation &operator=(const reservation &) = delete;
	reservation &operator=(reservation &&) = delete;
	~reservation();

	/* The next @bytes of the record, from kernel memory. Any context. */
	void copy(const void *from, u64 bytes) noexcept;
	/*
	 * The next @bytes, from the current task's user memory, without a page fault. Returns how
	 * many bytes at the end could not be read; they are zeroed. Any context.
	 */
	[[nodiscard]] u32 copy_from_user(u64 user_address, u32 bytes) noexcept;
	void zero(u32 bytes) noexcept;
	/* Goes on behind the next @bytes, which hold old data: the caller writes them itself before
	 * commit(). */
	void skip(u32 bytes) noexcept;

	template <typename T>
	[[gnu::always_inline]] void put(const T &value) noexcept
	{
		copy(&value, sizeof(value));
	}

	/*
	 * skip() that returns the address of the @bytes, which the caller fills before commit().
	 * nullptr: they are not contiguous (never on mirrored storage), and nothing has changed.
	 */
	[[nodiscard]] void *next_contiguous(u32 bytes) noexcept;

	/* Publishes the record. Ends the reservation. */
	void commit() noexcept;

	/*
	 * Gives the record up. If no record was reserved behind it, the head moves back; otherwise
	 * a PERF_RECORD_LOST of 0 records replaces it, which every reader skips. @bytes and
	 * @records: as passed to begin_discardable() or begin_burst(). Ends the reservation.
	 */
	void discard(u32 bytes, const record_origin &origin, u32 records = 1) noexcept;

	/* The ring that the record goes to. Until commit(). */
	perf_buffer &ring() noexcept { return *ring_; }

private:
	friend class perf_buffer;
	/* @bytes at @position, which may be in several chunks. */
	reservation(perf_buffer &ring, u64 position, u32 bytes) noexcept;
	reservation(perf_buffer &ring, contiguous_record where, u32 bytes) noexcept;

	/* Bytes to the end of the contiguous span. */
	u64 span_left() const noexcept { return static_cast<u64>(end_ - address_); }
	/* Sets address_, end_ and span_ for @position. */
	void seek(u64 position) noexcept;
	void seek_next() noexcept;
	/* Ends without commit(): the bytes behind belong to another reservation. */
	void release() noexcept { ring_ = nullptr; }

	/* copy() of bytes that cross the end of the span. */
	void copy_across(const void *from, u32 bytes) noexcept;

	/* The loop of copy, copy_from_user and skip: @copier(to, bytes) returns the bytes that it
	 * did not copy. */
	template <typename Copier>
	u32 transfer(u32 bytes, Copier &&copier) noexcept;

	perf_buffer *ring_;
	char *address_; /* of the next byte */
	char *end_;	/* of the contiguous span */
	u64 span_;	/* a position in that span */
	u64 start_;	/* position of the first byte */
#ifdef PERFBUF_DEBUG
	u32 unwritten_;
#endif
};

} // namespace perfbuf
