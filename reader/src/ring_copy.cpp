// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Copies a ring in overwrite mode while its writers go on, and drops what they overwrote.
#include <perfbuf/ring_copy.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sys/ioctl.h>

#include "positions.hpp"
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

// The whole records of a copy that began when `written` was published, and ended at `after`.
result<ring_copy> whole_records(std::span<const std::byte> copied, uint64_t published,
				const ring_positions &after)
{
	const uint64_t size = copied.size();
	ring_copy made;
	const auto scratch = std::make_unique<std::byte[]>(longest_record);
	// How far the stream had come: upwards in both directions.
	const auto progress = [&](uint64_t position) {
		return after.backward ? 0 - position : position;
	};
	const uint64_t written = progress(published);
	made.written = written;
	const uint64_t begun = progress(after.reserved);
	const uint64_t oldest = written > size ? written - size : 0;
	const uint64_t whole = std::min(std::max(begun > size ? begun - size : 0, oldest), written);

	if (after.backward) {
		// The newest record stands at the head; the last one may be cut off.
		uint64_t left = written - whole;
		uint64_t at = published;
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

	uint64_t at = whole == 0 ? 0 : first_mark(after, whole, written);
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

error not_overwritten()
{
	return system_error("the ring is not in overwrite mode: map it read-only", EINVAL);
}

// PERFBUF_IOC_COPY_RING, of which `wanted` says where to.
result<void> request_copy(const file &of, perfbuf_ring_copy &wanted, perf_event_attr &attr)
{
	int done;
	const perfbuf_ring_copy asked = wanted;
	do {
		wanted = asked;
		wanted.attr = reinterpret_cast<uintptr_t>(&attr);
		wanted.attr_size = sizeof(attr);
		done = ::ioctl(of.fd(), PERFBUF_IOC_COPY_RING, &wanted);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return system_error("cannot copy the ring of a file");
	return {};
}

} // namespace

result<ring_copy> copy_ring(const file &of, const mapping &ring)
{
	const std::span<const std::byte> data = ring.data();
	// Filled, so that no fault gives the writers time.
	std::vector<std::byte> copied(data.size());
	const auto before = of.positions();
	if (!before)
		return before.error();
	if (!before->overwrite)
		return not_overwritten();
	copy_newest_first(data, copied.data(), before->published, before->backward);
	const auto after = of.positions();
	if (!after)
		return after.error();
	return whole_records(copied, before->published, *after);
}

result<described_ring> describe_ring(const file &of)
{
	described_ring made;
	perfbuf_ring_copy wanted{};
	if (auto done = request_copy(of, wanted, made.attr);
	    !done && done.error().code != std::errc::no_space_on_device)
		return done.error();
	made.ring = wanted.ring;
	made.bytes = wanted.bytes;
	made.overwrite = wanted.positions.flags & PERFBUF_POSITIONS_OVERWRITE;
	return made;
}

result<ring_copy> copy_ring(const file &of)
{
	// Filled, so that no fault gives the writers time. The file may get a larger ring
	// meanwhile.
	std::vector<std::byte> copied;
	for (;;) {
		perf_event_attr ignored{};
		perfbuf_ring_copy wanted{};
		wanted.buffer = reinterpret_cast<uintptr_t>(copied.data());
		wanted.bytes = copied.size();
		const auto done = request_copy(of, wanted, ignored);
		if (!done && done.error().code != std::errc::no_space_on_device)
			return done.error();
		if (!(wanted.positions.flags & PERFBUF_POSITIONS_OVERWRITE))
			return not_overwritten();
		copied.resize(wanted.bytes);
		if (done)
			return whole_records(copied, wanted.written,
					     positions_from(wanted.positions));
	}
}

} // namespace perfbuf::reader
