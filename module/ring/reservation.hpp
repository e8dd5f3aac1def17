/* SPDX-License-Identifier: GPL-2.0 */
/* A reserved record that is being written. */
#pragma once

#include "ring/debug.hpp"
#include "ring/record_origin.hpp"

namespace perfbuf
{

/* A reserved record whose bytes are contiguous in kernel memory. */
struct contiguous {
	u64 position; /* of its first byte in the stream */
	char *at;
};

/*
 * Bytes that perf_buffer::begin() reserved. Move-only. It ends in commit() or discard(); debug
 * builds insist on that, and that every byte was written or skipped. The inline functions are in
 * ring/write.hpp.
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
	 * From the current task's user memory, without a fault: returns how many bytes at the end
	 * could not be read; zeros stand in their place. Any context.
	 */
	[[nodiscard]] u32 copy_from_user(u64 user_address, u32 bytes) noexcept;
	void zero(u32 bytes) noexcept;
	/* Leaves the next @bytes as they are. Old data shows through: the caller writes them before
	 * commit(). */
	void skip(u32 bytes) noexcept;

	template <typename T>
	[[gnu::always_inline]] void put(const T &value) noexcept
	{
		copy(&value, sizeof(value));
	}

	/*
	 * The next @bytes in memory, to be filled before commit(). nullptr: they are not contiguous
	 * (never on mirrored storage), and the reservation is as it was.
	 */
	[[nodiscard]] void *claim(u32 bytes) noexcept;

	/* Publishes. The reservation is over. */
	void commit() noexcept;

	/*
	 * Gives the record up. If no other record was begun behind it, it vanishes; else a
	 * PERF_RECORD_LOST of 0 records stands in its place, which every reader skips. @bytes and
	 * @records are what begin_discardable() or begin_burst() got. The reservation is over.
	 */
	void discard(u32 bytes, const record_origin &origin, u32 records = 1) noexcept;

	/* The ring that the record goes to. Until commit(). */
	perf_buffer &ring() noexcept { return *ring_; }

private:
	friend class perf_buffer;
	/* @bytes at @position, wherever they lie. */
	reservation(perf_buffer &ring, u64 position, u32 bytes) noexcept;
	reservation(perf_buffer &ring, contiguous where, u32 bytes) noexcept;

	/* Bytes to the end of the contiguous span. */
	u64 reach() const noexcept { return static_cast<u64>(end_ - address_); }
	/* Sets address_, end_ and span_ for @position. */
	void seek(u64 position) noexcept;
	void seek_next() noexcept;
	/* Ends without commit(): the bytes behind belong to another reservation. */
	void release() noexcept { ring_ = nullptr; }

	/* copy() where the span ends in between. */
	void copy_across(const void *from, u32 bytes) noexcept;

	/* The loop of copy, copy_from_user and skip: @copier(to, bytes) returns what it left. */
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
