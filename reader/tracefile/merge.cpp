// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Merges the streams of the CPUs of a function trace by time.
#include "tracefile/merge.hpp"

#include <algorithm>
#include <utility>

namespace perfbuf::tracefile
{

stream::stream(reader_file &from, const std::vector<chunk_place> &chunks)
	: file_(from), chunks_(chunks), cpu_(chunks.empty() ? 0 : chunks.front().cpu)
{
	if (!chunks.empty())
		piece_at_ = chunks.front().position;
}

event stream::made(event_kind kind, uint64_t time) const
{
	event out;
	out.kind = kind;
	out.time = time;
	out.since = time_;
	out.cpu = cpu_;
	return out;
}

// The bytes that the decoder has left begin the next chunk, unless bytes are missing between.
bool stream::next_chunk()
{
	const auto taken = static_cast<ptrdiff_t>(decoder_.consumed());
	piece_.erase(piece_.begin(), piece_.begin() + taken);
	piece_at_ += static_cast<uint64_t>(taken);
	uint64_t behind = piece_at_ + piece_.size(); // of all that the file was to have so far
	while (at_ < chunks_.size()) {
		const chunk_place &chunk = chunks_[at_++];
		if (chunk.position != piece_at_ + piece_.size()) {
			gap_ = true;
			missing_ += piece_.size();
			missing_ += chunk.position > behind ? chunk.position - behind : 0;
			piece_.clear();
			piece_at_ = chunk.position;
		}
		behind = chunk.position + chunk.size;
		cpu_ = chunk.cpu;
		full_ |= chunk.was_full;
		if (file_.read(chunk, piece_)) {
			decoder_.feed(piece_, piece_at_, at_ == chunks_.size());
			return true;
		}
		gap_ = true;
		missing_ += chunk.size;
	}
	// The end, and what was to be there before it.
	missing_ += piece_.size();
	gap_ |= !piece_.empty();
	piece_.clear();
	decoder_.feed({}, behind, true);
	return false;
}

std::optional<event> stream::step()
{
	for (;;) {
		if (std::exchange(gap_, false)) {
			event out = made(event_kind::damaged, time_);
			out.count = std::exchange(missing_, 0);
			return out;
		}
		while (const auto item = decoder_.next()) {
			using reader::functrace::kind;
			if (item->type == kind::end)
				continue;
			event out = made(event_kind::call, item->time);
			out.cpu = item->cpu;
			switch (item->type) {
			case kind::call:
				out.address = item->address;
				out.task = item->task;
				break;
			case kind::lost:
				out.kind = event_kind::lost;
				out.count = item->count;
				break;
			default:
				out = made(event_kind::damaged, time_);
				out.count = item->count;
				out.why = item->why;
				return out;
			}
			time_ = item->time;
			return out;
		}
		if (std::exchange(full_, false))
			return made(event_kind::full, time_);
		if (!next_chunk() && !gap_)
			return std::nullopt;
	}
}

// Until when something is missing is known by what comes next. A full area that the stream counts
// itself, by the calls that are lost, is reported once.
std::optional<event> stream::next()
{
	if (held_)
		return std::exchange(held_, std::nullopt);
	for (;;) {
		const auto found = step();
		if (!found)
			return std::exchange(damaged_, std::nullopt);
		if (found->kind == event_kind::damaged || found->kind == event_kind::full) {
			if (damaged_ && damaged_->kind == event_kind::damaged &&
			    found->kind == event_kind::damaged) {
				damaged_->count += found->count;
				continue;
			}
			const auto before = std::exchange(damaged_, found);
			if (before)
				return before;
			continue;
		}
		if (!damaged_)
			return found;
		auto before = std::exchange(damaged_, std::nullopt);
		if (before->kind == event_kind::full && found->kind == event_kind::lost)
			return found;
		before->time = found->time;
		held_ = found;
		return before;
	}
}

merge::merge(reader_file &from)
{
	for (const auto &[number, chunks] : from.streams()) {
		auto each = std::make_unique<stream>(from, chunks);
		if (const auto first = each->next())
			heap_.push_back({std::move(each), *first});
	}
	std::make_heap(heap_.begin(), heap_.end(), later);
}

bool merge::later(const source &a, const source &b) noexcept
{
	return std::pair(a.first.time, a.first.cpu) > std::pair(b.first.time, b.first.cpu);
}

void merge::refill()
{
	std::pop_heap(heap_.begin(), heap_.end(), later);
	if (const auto next = heap_.back().from->next()) {
		heap_.back().first = *next;
		std::push_heap(heap_.begin(), heap_.end(), later);
	} else {
		heap_.pop_back();
	}
}

std::optional<event> merge::next()
{
	if (std::exchange(given_, false))
		refill();
	if (heap_.empty())
		return std::nullopt;
	given_ = true;
	return heap_.front().first;
}

} // namespace perfbuf::tracefile
