// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <perfbuf/ring_copy.hpp>

#include <algorithm>
#include <cstring>
#include <memory>

#include "window.hpp"

namespace perfbuf::reader
{

namespace
{

// The newest piece first: what the writers overwrite meanwhile is the oldest.
constexpr size_t piece = 4096;

void copy_newest_first(std::span<const std::byte> from, std::byte *to, uint64_t newest,
		       bool backward)
{
	const size_t mask = from.size() - 1;
	for (size_t done = 0; done < from.size(); done += piece) {
		const uint64_t position = backward ? newest + done : newest - done - 1;
		const size_t at = position & mask & ~(piece - 1);
		std::memcpy(to + at, from.data() + at, piece);
	}
	// A backward ring's newest record begins within the first piece, whose rest is the oldest.
}

error damaged()
{
	return system_error("the ring holds what no writer writes", EBADMSG);
}

// The oldest mark in a stretch; `end` if there is none.
uint64_t first_mark(const ring_positions &of, uint64_t begin, uint64_t end)
{
	uint64_t first = end;
	for (const uint64_t mark : of.marks)
		if (mark - begin <= first - begin)
			first = mark;
	return first;
}

} // namespace

result<ring_copy> copy_ring(const file &of, const mapping &ring)
{
	const std::span<const std::byte> data = ring.data();
	const uint64_t size = data.size();
	// Filled, so that no fault gives the writers time.
	std::vector<std::byte> copied(size);
	const auto before = of.positions();
	if (!before)
		return before.error();
	if (!before->overwrite)
		return system_error("the ring is not in overwrite mode: map it read-only", EINVAL);
	copy_newest_first(data, copied.data(), before->published, before->backward);
	const auto after = of.positions();
	if (!after)
		return after.error();

	ring_copy made;
	const auto scratch = std::make_unique<std::byte[]>(longest_record);
	// How far the stream had come: upwards in both directions.
	const auto progress = [&](uint64_t position) {
		return before->backward ? 0 - position : position;
	};
	const uint64_t written = progress(before->published);
	const uint64_t begun = progress(after->reserved);
	const uint64_t oldest = written > size ? written - size : 0;
	const uint64_t whole = std::min(std::max(begun > size ? begun - size : 0, oldest), written);

	if (before->backward) {
		// The newest record stands at the head; the last one may be cut off.
		std::vector<std::span<const std::byte>> newest_first;
		uint64_t left = written - whole;
		uint64_t at = before->published;
		std::vector<std::byte> reversed(left);
		size_t free = left;
		while (left > 0) {
			const auto found = record_at(copied, at, left, scratch.get());
			if (found.empty())
				break;
			free -= found.size();
			std::memcpy(reversed.data() + free, found.data(), found.size());
			at += found.size();
			left -= found.size();
		}
		if (left > 0 && whole == 0)
			return damaged();
		made.bytes.assign(reversed.begin() + static_cast<ptrdiff_t>(free), reversed.end());
		made.left_out = (written - oldest) - made.bytes.size();
		return made;
	}

	uint64_t at = whole == 0 ? 0 : first_mark(*after, whole, written);
	made.left_out = at - oldest;
	made.bytes.reserve(written - at);
	while (at != written) {
		const auto found = record_at(copied, at, written - at, scratch.get());
		if (found.empty())
			return damaged();
		made.bytes.insert(made.bytes.end(), found.begin(), found.end());
		at += found.size();
	}
	return made;
}

} // namespace perfbuf::reader
