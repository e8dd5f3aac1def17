// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The streams of a trace as one, by time. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <perfbuf/functrace.hpp>
#include <vector>

#include "tracefile/reader.hpp"

namespace perfbuf::tracefile
{

using reader::functrace::context;
using reader::functrace::reason;

enum class event_kind {
	call,	 /**< a function was entered */
	lost,	 /**< `count` calls are missing between `since` and `time` */
	full,	 /**< the area was full: calls are missing from `since` on, and were not counted */
	damaged, /**< `count` bytes between `since` and `time` say nothing: `why`; or the file has
		    not got them */
};

struct event {
	event_kind kind = event_kind::call;
	uint64_t time = 0;  /**< ns */
	uint64_t since = 0; /**< ns; 0: nothing came before */
	uint32_t cpu = 0;
	uint64_t address = 0;	   /**< call */
	uint64_t count = 0;	   /**< lost: calls; damaged: bytes */
	reason why = reason::none; /**< damaged; none: the bytes are not in the file */
	const context *task =
		nullptr; /**< call: nullptr if the stream does not say; until next() */
};

/** One stream, out of its chunks. */
class stream
{
public:
	stream(reader_file &from, const std::vector<chunk_place> &chunks);

	/** @return nothing at the end */
	std::optional<event> next();

private:
	std::optional<event> step();
	bool next_chunk();
	event made(event_kind kind, uint64_t time) const;

	reader_file &file_;
	const std::vector<chunk_place> &chunks_;
	size_t at_ = 0; // the next chunk
	reader::functrace::decoder decoder_;
	std::vector<std::byte> piece_;
	uint64_t piece_at_ = 0; // in the stream
	uint64_t missing_ =
		0;	    // bytes before the piece that the file does not have, not yet reported
	bool gap_ = false;  // between the last piece and the next
	bool full_ = false; // behind the piece
	uint32_t cpu_;
	uint64_t time_ = 0;	       // of the last call or loss
	std::optional<event> damaged_; // returned once its end is known
	std::optional<event> held_;    // behind it
};

/** All of them. */
class merge
{
public:
	explicit merge(reader_file &from);

	/** The next event by time, and by CPU where that is the same. */
	std::optional<event> next();

private:
	struct source {
		std::unique_ptr<stream> from;
		event first;
	};
	static bool later(const source &a, const source &b) noexcept;
	void refill();

	std::vector<source> heap_; // the earliest on top; it is the one that was given out last
	bool given_ = false;
};

} // namespace perfbuf::tracefile
