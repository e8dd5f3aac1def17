// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A zstd stream that is made by hand (RFC 8878), so that a test says what each block of it
 * is. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "perfdata/bytes.hpp"
#include "perfdata/format.hpp"

namespace perfbuf::tests
{

class zstd_frame
{
public:
	/** A frame without a checksum and without its size. @param window_log of the window */
	explicit zstd_frame(unsigned window_log = 17)
	{
		content_.put(uint32_t{0xfd2fb528});
		content_.put(uint8_t{0});
		content_.put(static_cast<uint8_t>((window_log - 10) << 3));
	}

	/** Bytes as they are. */
	void add(std::span<const std::byte> bytes)
	{
		put_header(raw, bytes.size());
		content_.put_raw(bytes.data(), bytes.size());
	}
	/** A byte so many times, at most 128 KiB: four bytes of the stream. */
	void add_zeros(size_t count)
	{
		put_header(repeated, count);
		content_.put(uint8_t{0});
	}
	/** A block of the kind that is reserved. */
	void add_nonsense() { put_header(reserved, 1); }

	std::span<const std::byte> view() const noexcept { return content_.view(); }
	/** The bytes that were added since the last call. */
	std::span<const std::byte> next_part() noexcept
	{
		const auto part = view().subspan(given_);
		given_ = content_.size();
		return part;
	}

private:
	enum kind : uint32_t { raw, repeated, compressed, reserved };

	void put_header(kind of, size_t size)
	{
		const auto header = static_cast<uint32_t>(size) << 3 | uint32_t{of} << 1;
		content_.put_raw(&header, 3);
	}

	perfdata::bytes content_;
	size_t given_ = 0;
};

/** A part of a stream as PERF_RECORD_COMPRESSED. */
inline perfdata::bytes compressed_record(std::span<const std::byte> part)
{
	perfdata::bytes made;
	made.put(perf_event_header{perfdata::record_compressed, 0,
				   static_cast<uint16_t>(sizeof(perf_event_header) + part.size())});
	made.put_raw(part.data(), part.size());
	return made;
}

/** The same as newer perfs write it: its size is a multiple of 8, and it says how much of it is the
 * part. @param claimed in place of the part's size */
inline perfdata::bytes compressed2_record(std::span<const std::byte> part, uint64_t claimed)
{
	const size_t padding = (8 - part.size() % 8) % 8;
	perfdata::bytes made;
	made.put(perf_event_header{perfdata::record_compressed2, 0,
				   static_cast<uint16_t>(sizeof(perf_event_header) +
							 sizeof(claimed) + part.size() + padding)});
	made.put(claimed);
	made.put_raw(part.data(), part.size());
	made.zeros(padding);
	return made;
}

inline perfdata::bytes compressed2_record(std::span<const std::byte> part)
{
	return compressed2_record(part, part.size());
}

} // namespace perfbuf::tests
