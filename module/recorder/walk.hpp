/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the records of a recorder's ring in the kernel, oldest first, with every word checked: at a
 * panic a writer may have been stopped in the middle of a record, or anything may have been written
 * over the ring. Allocates and locks nothing; any context.
 */
#pragma once

#include "recorder/recorder.hpp"

namespace perfbuf
{

/* A record that was found whole. */
struct recorded {
	u64 position;
	u64 time;
	u32 tid;
	u32 payload_bytes; /* with the padding */
	const recorded_event *event;
};

class ring_walk
{
public:
	ring_walk(const recorder &of, const recorder_cpu &cpu) noexcept;

	/* False: there is none. */
	bool next(recorded &out) noexcept;
	/* Pieces of the stream that made no sense, or were being written. */
	u32 damaged() const noexcept { return damaged_; }

	/* Copies of the stream: from a position, modulo the size. */
	void copy(void *to, u64 position, u64 bytes) const noexcept;

	/* Where the payload of a record begins: header, TID, TIME, CPU, size. */
	static constexpr u32 payload_at = 4 * sizeof(u64) + sizeof(u32);

private:
	enum class found { event, other, nothing };

	u64 first_mark(u64 from) const noexcept;
	/* Reads the record at position_, which must end by @end. @bytes: its size. */
	found look(u64 end, u32 &bytes, recorded &out) const noexcept;
	u64 nested_in_chain(u64 from) const noexcept;
	void begin_unpublished() noexcept;

	const recorder &of_;
	const recorder_cpu &cpu_;
	const perf_buffer &ring_;
	u64 published_;
	u64 reserved_;
	u64 oldest_;
	u64 position_;
	u64 end_;	 /* of what is read now: published_, then reserved_ */
	u64 newest_ = 0; /* the time of the last published record that was read */
	u32 damaged_ = 0;
};

} // namespace perfbuf
