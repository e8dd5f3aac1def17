// SPDX-License-Identifier: GPL-2.0
/* Reads the ring at any point, and checks that each record it sees is whole. */
#include "observer.hpp"

#include "../../support.h"

namespace perfbuf::model
{

observer::observer(perf_buffer &ring, ledger &all) : ring_(ring), all_(all)
{
	for (u32 i = 0; i < ring.nr_pages(); i++)
		pages_.push_back(
			static_cast<char *>(pb_test_frame_address(ring.page_frame(i + 1).take())));
	seen_ = tail_ = ring.user_page()->data_head;
}

u64 observer::word(u64 position) const
{
	const u64 offset = position & (ring_.size() - 1);
	u64 value;

	std::memcpy(&value, pages_[offset >> page_shift] + (offset & (page_size - 1)), 8);
	return value;
}

observer::published observer::read(u64 position, u64 end) const
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, word(position));
	published found{position, header.size, {}};

	if (header.size < 16 || header.size % 8 || header.size > end - position)
		fail("data_head shows what is no record");
	for (u32 i = 0; i < header.size / 8; i++)
		found.words.push_back(word(position + 8 * i));
	return found;
}

/* The bytes that are between @from and @to for the first time, lower positions first. */
void observer::take(u64 from, u64 to)
{
	std::vector<published> fresh;

	for (u64 at = from; at != to; at += fresh.back().bytes)
		fresh.push_back(read(at, to));
	/* Downwards, the oldest record has the highest position. */
	for (std::size_t i = 0; i < fresh.size(); i++) {
		published &record = fresh[ring_.backward() ? fresh.size() - 1 - i : i];
		const perf_event_header header =
			__builtin_bit_cast(perf_event_header, record.words[0]);

		if (header.type == PERF_RECORD_LOST)
			all_.reported(record.words[2]);
		else if (header.type == PERF_RECORD_SAMPLE)
			all_.receive(record.words.data(), record.bytes);
		else
			fail("data_head shows what is no record");
		kept_.push_back(std::move(record));
	}
}

bool observer::may_be_gone(const published &record) const
{
	if (!ring_.overwrite())
		return false;

	/* Writers that are inside may have reserved this much behind what is seen. */
	const u64 reserved = all_.in_flight();

	return ring_.backward() ? record.position + record.bytes - (seen_ - reserved) > ring_.size()
				: seen_ + reserved - record.position > ring_.size();
}

void observer::look()
{
	const u64 head = __atomic_load_n(&ring_.user_page()->data_head, __ATOMIC_RELAXED);

	if (head != seen_) {
		const u64 from = ring_.backward() ? head : seen_;
		const u64 to = ring_.backward() ? seen_ : head;

		if (to - from > ring_.size())
			fail("data_head goes back, or too far");
		seen_ = head;
		take(from, to);
	}
	for (const published &record : kept_) {
		if (may_be_gone(record))
			continue;
		for (u32 i = 0; i < record.bytes / 8; i++)
			if (word(record.position + 8 * i) != record.words[i])
				fail("a record that was seen is overwritten");
	}
}

void observer::drain()
{
	if (ring_.overwrite())
		return;
	tail_ = seen_;
	kept_.clear();
	__atomic_store_n(&ring_.user_page()->data_tail, tail_, __ATOMIC_RELAXED);
}

} // namespace perfbuf::model
