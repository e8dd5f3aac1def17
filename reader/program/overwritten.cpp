// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Copies paused rings in overwrite mode, the newest records first.
#include "program/overwritten.hpp"

#include <algorithm>
#include <cerrno>
#include <perfbuf/snapshot.hpp>

namespace perfbuf::program
{

namespace
{

reader::result<reader::ring_copy> copy_paused(const reader::file &of, const cpu_ring &ring)
{
	if (auto done = of.pause(true); !done)
		return done.error();
	reader::ring_copy made;
	const auto *page = ring.area.user_page();
	made.written = 0 - __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	std::vector<std::byte> reversed;
	reader::snapshot walk(page, ring.area.data());
	reader::record record;
	reader::step outcome;
	std::vector<size_t> sizes;
	while ((outcome = walk.next(record)) == reader::step::record) {
		reversed.insert(reversed.end(), record.bytes().begin(), record.bytes().end());
		sizes.push_back(record.size());
	}
	auto resumed = of.pause(false);
	if (!resumed)
		return resumed.error();
	if (outcome == reader::step::corrupt)
		return reader::system_error("the ring holds what no writer writes", EBADMSG);
	made.bytes.resize(reversed.size());
	size_t end = reversed.size();
	size_t at = 0;
	for (const size_t size : sizes) {
		end -= size;
		std::copy_n(reversed.begin() + static_cast<ptrdiff_t>(at), size,
			    made.bytes.begin() + static_cast<ptrdiff_t>(end));
		at += size;
	}
	return made;
}

} // namespace

reader::result<std::vector<std::byte>> newest_records(const reader::file &of, cpu_ring &ring)
{
	auto made = reader::copy_ring(of, ring.area);
	if (!made &&
	    (made.error().code.value() == ENOTTY || made.error().code.value() == EOPNOTSUPP))
		made = copy_paused(of, ring);
	if (!made)
		return made.error();
	const uint64_t since = made->written - ring.copied;
	ring.copied = made->written;
	auto &bytes = made->bytes;
	// Those before were in an earlier file.
	if (since < bytes.size())
		bytes.erase(bytes.begin(), bytes.end() - static_cast<ptrdiff_t>(since));
	return std::move(bytes);
}

} // namespace perfbuf::program
