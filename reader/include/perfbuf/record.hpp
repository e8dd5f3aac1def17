// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file One record, as it stands in the ring: a header that says how long it is, and a body. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/perf_event.h>
#include <span>

namespace perfbuf::reader
{

/**
 * A view, valid until release() or refresh() of the ring that it came from.
 * INVARIANT: at least a header long, a multiple of 8, 8-byte aligned, size() == header().size.
 */
class record
{
public:
	record() = default;
	explicit record(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

	perf_event_header header() const noexcept
	{
		perf_event_header header;
		std::memcpy(&header, bytes_.data(), sizeof(header));
		return header;
	}
	uint32_t type() const noexcept { return header().type; }
	uint16_t misc() const noexcept { return header().misc; }
	size_t size() const noexcept { return bytes_.size(); }
	/** Header and body. */
	std::span<const std::byte> bytes() const noexcept { return bytes_; }
	std::span<const std::byte> body() const noexcept
	{
		return bytes_.subspan(sizeof(perf_event_header));
	}

private:
	std::span<const std::byte> bytes_;
};

/** use(record) of each of these whole records. */
template <typename Use>
void each_record(std::span<const std::byte> whole, Use &&use)
{
	while (!whole.empty()) {
		const record first(whole.first(sizeof(perf_event_header)));
		const size_t size = first.header().size;
		use(record(whole.first(size)));
		whole = whole.subspan(size);
	}
}

/** @return can a record of this size stand in `available` bytes? The one place that judges a size.
 */
constexpr bool plausible_size(size_t size, size_t available) noexcept
{
	return size >= sizeof(perf_event_header) && size % 8 == 0 && size <= available;
}

} // namespace perfbuf::reader
