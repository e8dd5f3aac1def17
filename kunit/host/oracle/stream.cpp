// SPDX-License-Identifier: GPL-2.0
/* States which records a reader must receive, and checks those that it received. */
#include "stream.hpp"

#include "../../support.h"

#include <cstring>

namespace perfbuf::oracle
{

stream::stream(perf_buffer &ring, u32 trailer_bytes)
	: ring_(ring), trailer_bytes_(trailer_bytes), start_(ring.user_page()->data_head),
	  seen_(start_), wanted_(start_)
{
	for (u32 i = 0; i < ring.nr_pages(); i++)
		pages_.push_back(
			static_cast<char *>(pb_test_frame_address(ring.page_frame(i + 1).take())));
}

u64 stream::attempt(u32 context, u32 bytes)
{
	records_.push_back({.context = context, .bytes = bytes});
	return records_.size() - 1;
}

void stream::refused(u64 id)
{
	records_[id].refused = true;
	refused_++;
}

void stream::all_want_wakeup()
{
	for (record &record : records_)
		record.wakes |= record.begun && !record.seen;
}

u64 stream::word(u64 position) const
{
	const u64 offset = position & (ring_.size() - 1);
	u64 value;

	std::memcpy(&value, pages_[offset >> page_shift] + (offset & (page_size - 1)), 8);
	return value;
}

/* A record that is a header alone has it there. */
u64 stream::id_at(u64 position) const
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, word(position));

	return header.size == 8 ? header.misc : word(position + 8);
}

const char *stream::check(u64 position, u64 end) const
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, word(position));

	if (header.size < 8 || header.size % 8 || header.size > end - position)
		return "data_head shows bytes that are no record";
	if (header.type == PERF_RECORD_LOST) {
		if (header.size < sizeof(lost_record) + trailer_bytes_ || word(position + 8) != 1)
			return "a PERF_RECORD_LOST is torn";
		if (word(position + 16) && header.size != sizeof(lost_record) + trailer_bytes_)
			return "a PERF_RECORD_LOST has the wrong size";
		for (u32 i = 0; i < trailer_bytes_; i += 8)
			if (word(position + header.size - trailer_bytes_ + i) != trailer_word + i)
				return "a PERF_RECORD_LOST has no trailer";
		return nullptr;
	}
	if (header.type != PERF_RECORD_SAMPLE)
		return "data_head shows bytes that are no record";

	const u64 id = id_at(position);

	if (id >= records_.size())
		return "a record that no writer wrote";
	if (records_[id].bytes != header.size)
		return "a record has another size than was written";
	if (!records_[id].finished)
		return "a record that is not finished is shown";
	if (records_[id].given_up)
		return "a record that was given up is shown";
	for (u32 i = 2; i < header.size / 8; i++)
		if (word(position + 8 * i) != word_of(id, i))
			return "a record is torn";
	return nullptr;
}

const char *stream::take(u64 position)
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, word(position));

	if (header.type == PERF_RECORD_LOST) {
		reported_ += word(position + 16);
		return nullptr;
	}

	const u64 id = id_at(position);
	record &record = records_[id];

	if (record.seen)
		return "a record is shown twice";
	if (newest_[record.context] > id)
		return "the records of a context are out of order";
	newest_[record.context] = id + 1;
	record.seen = true;
	if (record.wakes)
		wanted_ = ring_.backward() ? position : position + header.size;
	return nullptr;
}

const char *stream::look()
{
	const u64 head = ring_.user_page()->data_head;
	const bool down = ring_.backward();
	const u64 from = down ? head : seen_;
	const u64 to = down ? seen_ : head;

	seen_ = head;
	if (to - from > ring_.size()) {
		if (!ring_.overwrite())
			return "data_head goes back, or further than the ring";
		gap_ = true;
		return nullptr;
	}

	std::vector<u64> starts;

	for (u64 at = from; at != to; at += bytes_at(at)) {
		if (const char *broken = check(at, to))
			return broken;
		starts.push_back(at);
	}
	for (std::size_t i = 0; i < starts.size(); i++)
		if (const char *broken = take(starts[down ? starts.size() - 1 - i : i]))
			return broken;
	return nullptr;
}

const char *stream::look_again(u64 from, u64 to) const
{
	for (u64 at = from; at != to; at += bytes_at(at))
		if (const char *broken = check(at, to))
			return broken;
	return nullptr;
}

const char *stream::look_back() const
{
	const u64 end = ring_.user_page()->data_head + ring_.size();
	u64 at = ring_.user_page()->data_head;

	/* Up to where the stream began, or where the oldest record is overwritten in part. */
	for (; at != start_ && end - at >= 8 && bytes_at(at) <= end - at; at += bytes_at(at))
		if (const char *broken = check(at, end))
			return broken;
	return nullptr;
}

u64 stream::published() const
{
	const u64 head = ring_.user_page()->data_head;

	return ring_.backward() ? 0 - head : head;
}

const char *stream::check_counts() const
{
	u64 committed = 0;

	for (const record &record : records_) {
		committed += record.finished && !record.given_up;
		if (!gap_ && record.finished && !record.given_up && !record.seen)
			return "a record was committed and is not there";
	}
	if (ring_.records() != committed)
		return "the ring counts other records than were committed";
	if (ring_.losses().total() != refused_)
		return "the ring counts other losses than there were";
	return nullptr;
}

} // namespace perfbuf::oracle
